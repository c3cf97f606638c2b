/**
 * Code as it stands in the book: escaped, with comments, texts and keywords of TypeScript, WGSL and shell marked. A few
 * regular expressions, not a parser: what they take for something else is still shown, only in another colour.
 *
 * @module
 */
import { escapeMarkup, Markup } from "../../display/svg.ts";

const KEYWORDS =
  "abstract|as|async|await|break|case|catch|class|const|continue|default|else|enum|export|extends|finally|fn|for|from|" +
  "function|if|implements|import|in|instanceof|interface|let|new|null|of|override|private|readonly|return|static|switch|" +
  "this|throw|true|false|try|type|typeof|undefined|using|var|while|yield";

/** In the order in which they win: comments, texts, keywords. */
const TOKENS = new RegExp(
  [
    String.raw`(?<comment>//[^\n]*|/\*[\s\S]*?\*/)`,
    String.raw`(?<text>"(?:[^"\\\n]|\\.)*"|` + "`(?:[^`\\\\]|\\\\[\\s\\S])*`)",
    String.raw`(?<keyword>\b(?:${KEYWORDS})\b)`,
  ].join("|"),
  "g",
);

const SHELL_TOKENS = /(?<comment>(?<=^|\s)#[^\n]*)/g;

const LANGUAGES: Readonly<Record<string, RegExp>> = {
  ts: TOKENS,
  js: TOKENS,
  wgsl: TOKENS,
  sh: SHELL_TOKENS,
};

/**
 * A block of code.
 *
 * @param code The text.
 * @param language `ts`, `js`, `wgsl` or `sh`; any other is shown plain.
 */
export function codeBlock(code: string, language: string = ""): Markup {
  const tokens = Object.hasOwn(LANGUAGES, language) ? LANGUAGES[language] : undefined;
  const marked = tokens ? mark(code, tokens) : escapeMarkup(code);
  return new Markup(`<pre tabindex="0"><code>${marked}</code></pre>`);
}

function mark(code: string, tokens: RegExp): string {
  let html = "";
  let end = 0;
  for (const match of code.matchAll(tokens)) {
    const [kind] = Object.entries(match.groups!).find(([, found]) => found !== undefined)!;
    html += escapeMarkup(code.slice(end, match.index));
    html += `<span class="${kind}">${escapeMarkup(match[0])}</span>`;
    end = match.index + match[0].length;
  }
  return html + escapeMarkup(code.slice(end));
}
