/**
 * The pictures of `demo:track`: the videos in which tags help most, as strip, time line and animation.
 *
 * @module
 */
import {
  drawAnimation,
  drawFilmstrip,
  drawTimeline,
  drawTracks,
  identityColors,
  matchTracks,
  type Svg,
  type TrackingReportVideo,
  type TrackPicture,
  writeFileAtomic,
} from "../mod.ts";
import { asFileName } from "./demos.ts";
import { figuresOf, type TrackedVideo } from "./tracking.ts";

/** Videos of the report: those in which places alone confuse most. */
const SHOWN = 4;
/** Frames of a strip. */
const STRIP = 10;

/** Which videos places alone confuse most, against tags. */
export function mostConfused(
  byTag: readonly TrackedVideo[],
  byPlace: readonly TrackedVideo[],
): number[] {
  const gain = byTag.map((video, i) =>
    figuresOf([byPlace[i]]).identitySwitches - figuresOf([video]).identitySwitches
  );
  return gain.map((_, i) => i).sort((a, b) => gain[b] - gain[a]).slice(0, SHOWN);
}

/** A video's frames with their tracks, to be drawn. */
function picturesOf({ video, tracks }: TrackedVideo): TrackPicture[] {
  return tracks.map((track, t) => ({ ...track, image: video.frames[t].image }));
}

/** A video as the report shows it. */
export function videoReport(byTag: TrackedVideo, byPlace: TrackedVideo): TrackingReportVideo {
  const [tags, places] = [byTag, byPlace].map((video) => {
    const colors = identityColors(
      video.tracks.flatMap(({ things }) => things.map(({ identity }) => identity)),
    );
    const matched = matchTracks(video.compared);
    return {
      switches: figuresOf([video]).identitySwitches,
      timeline: drawTimeline(matched, { colors, width: 900 }),
      colors,
    };
  });
  const pictures = picturesOf(byTag);
  return {
    name: byTag.video.name,
    caption: `identity switches: ${tags.switches} by tags, ${places.switches} by place`,
    drawings: [
      {
        caption: "by tags",
        drawing: drawFilmstrip(pictures, {
          colors: tags.colors,
          count: STRIP,
          columns: STRIP / 2,
          width: 180,
        }),
      },
      { caption: "by tags: who was found when, and as whom", drawing: tags.timeline },
      { caption: "by place", drawing: places.timeline },
      { caption: "by tags, all frames", drawing: animationOf(byTag) },
    ],
  };
}

/** Videos, each as a file that any browser plays. */
export async function writeAnimations(out: string, videos: readonly TrackedVideo[]): Promise<void> {
  for (const tracked of videos) {
    const path = `${out}/${asFileName(tracked.video.name)}.svg`;
    await writeFileAtomic(path, `${animationOf(tracked)}\n`);
  }
}

function animationOf(video: TrackedVideo): Svg {
  return drawAnimation(drawTracks(picturesOf(video), { width: 320 }), { framesPerSecond: 8 });
}
