import assert from "node:assert/strict";

/** The variables of the two themes of tools/book/style.css. */
async function themes(): Promise<Record<string, string>[]> {
  const css = await Deno.readTextFile("tools/book/style.css");
  return [...css.matchAll(/:root \{([^}]*)\}/g)].map(([, body]) =>
    Object.fromEntries(
      [...body.matchAll(/--([a-z]+): (#[0-9a-f]{6});/g)].map(([, name, color]) => [name, color]),
    )
  );
}

/** Relative luminance of WCAG 2. */
function luminance(color: string): number {
  const [r, g, b] = [1, 3, 5].map((i) => parseInt(color.slice(i, i + 2), 16) / 255)
    .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

Deno.test("the book's text has the contrast of WCAG 2 AA, 4.5 to 1, in both themes", async () => {
  const [light, dark, ...more] = await themes();
  assert.deepEqual(more, []);
  assert.deepEqual(Object.keys(light), Object.keys(dark));
  for (const theme of [light, dark]) {
    for (const ink of ["ink", "soft", "link", "comment", "string", "keyword", "mark"]) {
      for (const paper of ["paper", "raised"]) {
        const ratio = contrast(theme[ink], theme[paper]);
        assert.ok(ratio >= 4.5, `${ink} ${theme[ink]} on ${paper} ${theme[paper]}: ${ratio}`);
      }
    }
  }
});
