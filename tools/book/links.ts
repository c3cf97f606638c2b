/**
 * What must hold of a site without opening a browser: every link leads to a page that is there and to an anchor on it,
 * pictures and style sheets are there, no anchor occurs twice, and nothing is loaded from the network.
 *
 * @module
 */
import type { Site } from "./site.ts";

/** What is wrong, one line each, in the order of the pages. */
export function siteProblems(site: Site): string[] {
  const anchors = new Map<string, string[]>();
  for (const [path, content] of site) {
    if (typeof content === "string" && path.endsWith(".html")) {
      anchors.set(path, attributesOf(content, "id"));
    }
  }
  const problems: string[] = [];
  for (const [path, content] of site) {
    if (!anchors.has(path)) continue;
    const html = content as string;
    const ids = anchors.get(path)!;
    for (const id of new Set(ids.filter((id, i) => ids.indexOf(id) !== i))) {
      problems.push(`${path}: the anchor ${id} occurs twice`);
    }
    for (const href of new Set(attributesOf(html, "href"))) {
      const problem = linkProblem(path, href, site, anchors);
      if (problem) problems.push(`${path}: ${problem}`);
    }
    for (const src of new Set(attributesOf(html, "src"))) {
      if (!src.startsWith("data:image/") && !site.has(resolve(path, src).target)) {
        problems.push(`${path}: the picture ${src} is missing`);
      }
    }
  }
  return problems;
}

function linkProblem(
  from: string,
  href: string,
  site: Site,
  anchors: ReadonlyMap<string, readonly string[]>,
): string | null {
  if (/^(?:https?:|data:)/.test(href)) return null;
  const { target, anchor } = resolve(from, href);
  if (!site.has(target)) return `the link ${href} leads nowhere`;
  if (anchor && !anchors.get(target)?.includes(anchor)) {
    return `the link ${href} leads to an anchor that is not there`;
  }
  return null;
}

function resolve(from: string, href: string): { target: string; anchor: string } {
  const url = new URL(href, `file:///${from}`);
  return {
    target: decodeURIComponent(url.pathname.slice(1)),
    anchor: decodeURIComponent(url.hash.slice(1)),
  };
}

/** The values of an attribute in all start tags of a page, programs left out. */
function attributesOf(html: string, name: string): string[] {
  const markup = html.replace(/<script[^>]*>[\s\S]*?<\/script>/g, "");
  const values = markup.matchAll(new RegExp(`<[^<>]*?\\s${name}="([^"]*)"`, "g"));
  return [...values].map(([, value]) => unescaped(value));
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  "#39": "'",
};

function unescaped(text: string): string {
  return text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name) => ENTITIES[name]);
}
