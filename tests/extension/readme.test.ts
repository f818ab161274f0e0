/** The page that the package holds: its pictures have an address, or are not there. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { packagedReadme } from "../../extension/scripts/readme.mjs";

const page = readFileSync("extension/README.md", "utf8");

test.each([
  "https://github.com/a/b",
  "https://github.com/a/b.git",
  "git+https://github.com/a/b.git",
])("of the repository %s, files are linked where a browser finds them", (repository) => {
  expect(packagedReadme("![A Run](../docs/run.png) and [more](../docs/run.md), [far](https://x.org)", repository)).toBe(
    "![A Run](https://github.com/a/b/raw/HEAD/docs/run.png) and " +
      "[more](https://github.com/a/b/blob/HEAD/docs/run.md), [far](https://x.org)",
  );
});

test("without an address there are no pictures, and no link leads nowhere", () => {
  const text =
    "Words.\n\n![A Run](../docs/run.png)\n\n| a |\n| --- |\n| ![b](../docs/b.png) |\n\nSee [more](../docs/run.md).";
  expect(packagedReadme(text, undefined)).toBe("Words.\n\nSee more.");
});

test("the page shows pictures that are there", () => {
  const pictures = [...page.matchAll(/!\[[^\]]+\]\(\.\.\/([^)]+)\)/g)].map(([, path]) => path ?? "");
  expect(pictures.length).toBeGreaterThan(2);
  for (const picture of pictures) expect(readFileSync(picture).subarray(1, 4).toString()).toBe("PNG");
  expect(packagedReadme(page, undefined)).not.toContain("](../");
  expect(packagedReadme(page, "https://github.com/a/b")).not.toContain("](../");
});
