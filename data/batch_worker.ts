/**
 * The worker of {@linkcode batchesAhead}: makes the batch that begins at a place of a stream, and sends it.
 *
 * @module
 */
import { InputError } from "../core/errors.ts";
import type { MadeBatch } from "./batch.ts";
import { clipSource, type ClipSourceOptions } from "./clips.ts";
import { CocoDataset, type PhotoRecord } from "./coco.ts";
import { batches, type BrokenSample, type LoaderOptions, type StreamPosition } from "./loader.ts";
import type { DescribedSource, SampleSource, SourceDescription } from "./sample.ts";
import { sceneSource, type SceneSourceOptions } from "./scenes.ts";
import { type SinglePersonOptions, singlePersonSource } from "./single_person.ts";
import { VocDataset } from "./voc.ts";

/** First message: what to make batches from, and how. */
export interface WorkerSetup {
  /** `sharedBy`: how many workers share the memory that the source may use. */
  readonly description: SourceDescription & { readonly sharedBy: number };
  readonly options: Omit<LoaderOptions, "onBroken" | "start" | "steps">;
}

/** Every further message: where the batch begins. */
export interface WorkerRequest {
  readonly start: StreamPosition;
}

/** The answer to a request. */
export type WorkerAnswer =
  | {
    readonly batch: MadeBatch;
    /** The place after the batch. */
    readonly position: StreamPosition;
    readonly broken: readonly BrokenSample[];
    readonly droppedPeople: number;
  }
  | { readonly error: string; readonly isInput: boolean };

function openSource(description: WorkerSetup["description"]): DescribedSource {
  const { kind, settings, sharedBy } = description;
  if (kind === "scenes") return sceneSource(settings as SceneSourceOptions);
  if (kind === "clips") return clipSource(settings as ClipSourceOptions);
  if (kind === "single people") {
    const { source: description, options } = settings as {
      readonly source: SourceDescription;
      readonly options: SinglePersonOptions;
    };
    return singlePersonSource(openSource({ ...description, sharedBy }), options);
  }
  if (kind === "voc") {
    const { folder, names } = settings as { readonly folder: string; readonly names: string[] };
    return new VocDataset(folder, names);
  }
  const { folder, records, cacheMegabytes } = settings as {
    readonly folder: string;
    readonly records: readonly PhotoRecord[];
    readonly cacheMegabytes: number;
  };
  return new CocoDataset(folder, records, cacheMegabytes / sharedBy);
}

/** What of a worker's global scope is used here. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<WorkerSetup | WorkerRequest>) => void) | null;
  postMessage(answer: WorkerAnswer, transfer: Transferable[]): void;
}

const scope = self as unknown as WorkerScope;
let source: SampleSource;
let options: WorkerSetup["options"];

/** Answers go out in the order of the requests, although reading pictures takes awaits. */
let last = Promise.resolve();

scope.onmessage = ({ data }) => {
  if ("description" in data) {
    source = openSource(data.description);
    options = data.options;
  } else {
    last = last.then(() => answer(data));
  }
};

async function answer({ start }: WorkerRequest): Promise<void> {
  try {
    const stream = batches(source, { ...options, start, steps: 1, onBroken: () => {} });
    for await (const batch of stream) {
      const { position, broken, droppedPeople } = stream;
      const buffers = Object.values(batch).map(({ data }) => data.buffer);
      scope.postMessage({ batch, position, broken, droppedPeople }, buffers);
    }
  } catch (error) {
    const { message } = error as Error;
    scope.postMessage({ error: message, isInput: error instanceof InputError }, []);
  }
}
