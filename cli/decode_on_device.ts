/**
 * Decoding of maps that stay where the network left them. Read back are the peaks and, for people with missing
 * keypoints, the places where these may be: a few numbers for each, instead of all pixels.
 *
 *     device   maps ─ peaksOf ─┐                         ┌─ placesForTags ─┐
 *     here                     └─ groupByTag ─ adjust ───┘   people's tags └─ fillPerson ─ finishPeople ──► people
 *
 * decodePoses() of the library does the same on arrays; a test compares the two.
 *
 * @module
 */
import {
  adjustPlace,
  type DecodedPerson,
  type DecodeOptions,
  fillPerson,
  type FillPlace,
  finishPeople,
  groupByTag,
  type HeatmapFrame,
  type HostArray,
  type MapTensors,
  type Neighbours,
  placesForTags,
  type PlaceTensors,
  read,
  tensor,
} from "../mod.ts";
import { fillEnds, meanTag } from "../decoders/refine.ts";

/** How to decode a batch. */
export interface DeviceDecodeOptions {
  /** How the heatmaps lie in each image, N or fewer: images beyond are not decoded. */
  readonly frames: readonly HeatmapFrame[];
  /** Options of {@linkcode decodePoses}. */
  readonly decoder: Omit<DecodeOptions, "frame">;
}

/**
 * The people of each image of a batch.
 *
 * @param maps On the device.
 * @param peaks What peaksOf() found in them with the decoder's `kernel`, `plateaus` and `maxPeaks`, described or computed.
 * @throws {RangeError} If a heatmap value or tag of a peak is not a finite number, or an option is out of range.
 */
export async function decodeOnDevice(
  maps: MapTensors,
  peaks: PlaceTensors,
  { frames, decoder }: DeviceDecodeOptions,
): Promise<DecodedPerson[][]> {
  const [, keypoints, height, width] = maps.heatmaps.shape;
  const size = { keypoints, height, width };
  const found = await readPlaces(peaks, width);
  const batch = frames.map((_, n) => grouped(found[n], size, decoder));
  const filled = decoder.fill ?? true ? await fill(maps, batch, decoder) : batch;
  return filled.map((people, n) => finishPeople(people, { ...decoder, frame: frames[n] }));
}

/** People from peaks, moved by their quarter pixel. */
function grouped(
  peaks: readonly (readonly FillPlace[])[],
  size: { readonly width: number; readonly height: number },
  decoder: DecodeOptions,
): DecodedPerson[] {
  const { threshold = 0.1 } = decoder;
  const neighbours = new Map<object, Neighbours>();
  const candidates = peaks.map((places) =>
    places.filter(({ score }) => score > threshold).map(({ around, ...peak }) => {
      neighbours.set(peak, around);
      return peak;
    })
  );
  return groupByTag(candidates, decoder).map((person) => ({
    ...person,
    keypoints: person.keypoints.map((at) =>
      at && { ...at, ...adjustPlace(at, neighbours.get(at)!, size, decoder) }
    ),
  }));
}

/** The same people with their missing keypoints looked for. */
async function fill(
  maps: MapTensors,
  batch: readonly (readonly DecodedPerson[])[],
  decoder: DecodeOptions,
): Promise<DecodedPerson[][]> {
  const [N, D, K, height, width] = maps.tags.shape;
  const size = { keypoints: K, height, width };
  const most = Math.max(...batch.map((people) => people.length));
  const isWhole = batch.every((people) =>
    people.every(({ keypoints }) => keypoints.every((at) => at !== null))
  );
  if (isWhole) return batch.map((people) => [...people]);
  const P = 8 * Math.ceil(most / 8); // few different shapes, so that few plans are made
  const wanted = new Float32Array(N * D * P);
  batch.forEach((people, n) =>
    people.forEach((person, p) =>
      meanTag(person, D)?.forEach((value, d) => wanted[(n * D + d) * P + p] = value)
    )
  );
  const { tagWeight, fillFrom, kernel } = decoder;
  const ends = fillEnds(size, decoder);
  const places = await readPlaces(
    placesForTags(maps, tensor({ shape: [N, D, P], data: wanted }), {
      tagWeight,
      fillFrom,
      kernel,
      ends,
    }),
    width,
  );
  return batch.map((people, n) =>
    people.map((person, p) => fillPerson(person, places[n].map((of) => of[p]), size, decoder))
  );
}

/** `[n][k][p]`: places with what is there. */
async function readPlaces(tensors: PlaceTensors, width: number): Promise<FillPlace[][][]> {
  const { places, values, around, tags } = await read({ ...tensors });
  const [N, K, P] = places.shape;
  const D = tags.shape[1];
  const at = (array: HostArray, ...index: readonly number[]) =>
    array.data[index.reduce((flat, i, axis) => flat * array.shape[axis] + i, 0)];
  const list = <T>(length: number, make: (i: number) => T) =>
    Array.from({ length }, (_, i) => make(i));
  return list(N, (n) =>
    list(K, (k) =>
      list(P, (p) => {
        const place = at(places, n, k, p);
        const [left, right, above, below] = list(4, (i) => at(around, n, k, p, i));
        return {
          x: place % width,
          y: Math.floor(place / width),
          score: at(values, n, 0, k, p),
          tag: list(D, (d) => at(tags, n, d, k, p)),
          around: { left, right, above, below },
        };
      })));
}
