/**
 * Build the book and look at it as a reader would, in headless Chromium:
 *
 * - every page opens from its file, complains about nothing, has all its pictures, and fits a phone's width;
 * - no link and no anchor leads nowhere;
 * - the live page can be read without JavaScript; with it, tags are dragged with mouse and finger and moved with a key, and
 *   what the page then says (people, pull, push) is compared with what the library says here of the same tags; once in a
 *   browser with WebGPU and once without.
 *
 *     deno task check:site
 *
 * Needs Chromium (Debian: `apt-get install -y --no-install-recommends chromium`).
 *
 * @module
 */
import { InputError } from "../core/errors.ts";
import { type BrowserPage, Chromium } from "./book/chromium.ts";
import { siteProblems } from "./book/links.ts";
import { libraryLoss, type Loss } from "./book/live/library_loss.ts";
import { decodedPersons, type Dot, KEYPOINTS, PEOPLE, startScene } from "./book/live/scene.ts";
import { buildSite } from "./book/site.ts";
import { readBookSources } from "./book/sources.ts";
import { writeSite } from "./build_docs.ts";

/** A phone, in CSS pixels. */
const PHONE = { width: 360, height: 740, deviceScaleFactor: 2, mobile: true };
const DESK = { width: 1200, height: 900, deviceScaleFactor: 1, mobile: false };
/** The page shows four places. */
const TOLERANCE = 6e-5;
/** Dot 4 is the second person's nose, which goes to the first one's. */
const [NOSE_1, NOSE_2] = [0, KEYPOINTS.length];

/** What the live page says. */
interface Shown {
  readonly tags: readonly number[];
  readonly people: number;
  readonly pull: number;
  readonly push: number;
  readonly by: string;
}

const READ_PAGE = `({
  tags: [...document.querySelectorAll("[data-dot]")].map((dot) => Number(dot.ariaValueNow)),
  people: Number(document.querySelector("#people").textContent),
  pull: Number(document.querySelector("#pull").textContent),
  push: Number(document.querySelector("#push").textContent),
  by: document.querySelector("#by").textContent,
})`;

async function checkPages(
  page: BrowserPage,
  folder: string,
  paths: readonly string[],
): Promise<string[]> {
  const problems: string[] = [];
  await page.send("Emulation.setDeviceMetricsOverride", PHONE);
  for (const path of paths) {
    await page.open(`file://${folder}/${path}`);
    const broken = await page.evaluate<string[]>(
      "[...document.images].filter((it) => !it.complete || it.naturalWidth === 0).map((it) => it.src.slice(0, 80))",
    );
    const wide = await page.evaluate<number>("document.documentElement.scrollWidth");
    const found = [
      ...page.complaints,
      ...broken.map((src) => `the picture ${src} is not shown`),
      ...(wide > PHONE.width ? [`is ${wide} pixels wide on a phone of ${PHONE.width}`] : []),
    ];
    problems.push(...found.map((problem) => `${path}: ${problem}`));
  }
  return problems;
}

/** The live page without its program. */
async function checkWithoutScript(page: BrowserPage, address: string): Promise<string[]> {
  await page.send("Emulation.setScriptExecutionDisabled", { value: true });
  await page.open(address);
  await page.send("Emulation.setScriptExecutionDisabled", { value: false });
  const text = await page.evaluate<string>("document.querySelector('#live').innerText");
  return /only with JavaScript/.test(text) && /people found\s*3/.test(text)
    ? []
    : [`grouping.html without JavaScript says: ${text}`];
}

/** The live page as readers use it. */
async function checkLivePage(page: BrowserPage, address: string, by: RegExp): Promise<string[]> {
  await page.send("Emulation.setDeviceMetricsOverride", DESK);
  await page.open(address);
  const library = await libraryLoss(PEOPLE, KEYPOINTS.length);
  const problems: string[] = [];
  const look = async (what: string, wanted: readonly number[], people: number) => {
    await page.until("document.querySelector('#live').dataset.state === 'ready'");
    const shown = await page.evaluate<Shown>(READ_PAGE);
    const found = [
      ...await disagreements(shown, library),
      ...(wanted.some((tag, i) => !(Math.abs(tag - shown.tags[i]) <= 0.02))
        ? [`the tags are ${shown.tags.join(" ")}, not ${wanted.join(" ")}`]
        : []),
      ...(shown.people === people ? [] : [`${shown.people} people, not ${people}`]),
      ...(by.test(shown.by) ? [] : [`it says: ${shown.by}`]),
    ];
    problems.push(...found.map((problem) => `grouping.html, ${what}: ${problem}`));
    console.log(
      `${what}: ${shown.people} people, pull ${shown.pull}, push ${shown.push}. ${shown.by}`,
    );
  };
  const tags = startScene().map(({ tag }) => tag);
  await look("at the start", tags, 3);

  await page.dragMouse(await placeOf(page, NOSE_2), await placeOf(page, NOSE_1));
  tags[NOSE_2] = tags[NOSE_1];
  await look("nose 2 dragged to nose 1", tags, 4);

  await page.pressKey("ArrowRight"); // the dragged dot has the focus
  tags[NOSE_2] += 0.05;
  await look("and moved by a key", tags, 4);

  await page.evaluate("document.querySelector('#reset').click()");
  await page.send("Emulation.setTouchEmulationEnabled", { enabled: true });
  const [x, y] = await placeOf(page, NOSE_1);
  const [target] = await placeOf(page, NOSE_2);
  await page.dragFinger([x, y], [target, y]);
  const touched = startScene().map(({ tag }) => tag);
  touched[NOSE_1] = touched[NOSE_2];
  await look("nose 1 dragged to nose 2 by a finger", touched, 4);
  return [...problems, ...page.complaints.map((complaint) => `grouping.html: ${complaint}`)];
}

/** The middle of a dot in the window. */
async function placeOf(page: BrowserPage, dot: number): Promise<[number, number]> {
  const face = `document.querySelector('[data-dot="${dot}"] .face')`;
  await page.evaluate(`${face}.scrollIntoView({ block: "center", behavior: "instant" })`);
  return await page.evaluate(
    `(({ left, top, width, height }) => [left + width / 2, top + height / 2])(${face}.getBoundingClientRect())`,
  );
}

/** Where the page disagrees about its own tags with the library, on the adapter of this machine. */
async function disagreements(
  { tags, people, pull, push }: Shown,
  library: Loss,
): Promise<string[]> {
  const dots: Dot[] = startScene().map((dot, i) => ({ ...dot, tag: tags[i] }));
  const here = await library.evaluate(tags);
  const found = Math.max(...decodedPersons(dots)) + 1;
  return [
    ...(people === found ? [] : [`${people} people, but the library finds ${found}`]),
    ...(Math.abs(pull - here.pull) <= TOLERANCE
      ? []
      : [`pull ${pull}, the library's ${here.pull}`]),
    ...(Math.abs(push - here.push) <= TOLERANCE
      ? []
      : [`push ${push}, the library's ${here.push}`]),
  ];
}

async function checkSite(): Promise<string[]> {
  const site = buildSite(await readBookSources());
  const paths = [...site.keys()].filter((path) => path.endsWith(".html"));
  const folder = await Deno.makeTempDir();
  try {
    await writeSite(site, folder);
    const address = `file://${folder}/grouping.html`;
    const problems = siteProblems(site);
    {
      await using browser = await Chromium.start({ webGpu: true });
      const page = await browser.newPage();
      problems.push(...await checkPages(page, folder, paths));
      problems.push(...await checkWithoutScript(page, address));
      problems.push(...await checkLivePage(page, address, /the library's tagLoss on WebGPU/));
    }
    {
      await using browser = await Chromium.start({ webGpu: false });
      const page = await browser.newPage();
      problems.push(...await checkLivePage(page, address, /the formula in plain TypeScript/));
    }
    console.log(`${paths.length} pages, ${problems.length} problems`);
    return problems;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) {
  try {
    const problems = await checkSite();
    for (const problem of problems) console.error(problem);
    if (problems.length > 0) Deno.exitCode = 1;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    console.error(`check:site: ${error.message}`);
    Deno.exitCode = 2;
  }
}
