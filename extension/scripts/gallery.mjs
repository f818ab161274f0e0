/**
 * Writes the pictures of `docs/gallery.md` from those that the end-to-end tests left, smaller.
 *
 * `node extension/scripts/gallery.mjs dark` after `npm test`, and `light` after the same with
 * `CONTEXTUNE_TEST_THEME="Default Light Modern"`. Names after the theme, such as `delegate`, are of the stories to take.
 */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ensureEditor } from "./editor.mjs";
import { importPackage } from "./node.mjs";
import { main, root, SetupError } from "./steps.mjs";

const page = join(root, "docs", "gallery.md");
const width = 1100;

/** The pictures that the page shows of a theme, by the names that the tests gave them; of some stories, or all. */
function wanted(theme, stories) {
  const names = [...readFileSync(page, "utf8").matchAll(new RegExp(`\\(gallery/([^)]+)-${theme}\\.jpg\\)`, "g"))];
  const isTaken = (name) => stories.length === 0 || stories.some((story) => name.startsWith(`${story}-`));
  return names.map(([, name]) => name).filter(isTaken);
}

await main(import.meta, async ([theme, ...stories]) => {
  if (theme !== "dark" && theme !== "light") throw new SetupError('Name the theme of the pictures: "dark" or "light".');
  const { chromium: executablePath } = await ensureEditor();
  const { chromium } = await importPackage("playwright-core", "index.mjs");
  mkdirSync(join(root, "docs", "gallery"), { recursive: true });
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  try {
    const canvas = await browser.newPage();
    for (const name of wanted(theme, stories)) {
      const file = join(root, ".screenshots", `${name}.png`);
      if (!existsSync(file)) throw new SetupError(`${file} is missing: run the end-to-end tests first.`);
      const source = `data:image/png;base64,${readFileSync(file).toString("base64")}`;
      await canvas.setContent(`<body style="margin:0"><img style="display:block;width:${width}px" src="${source}">`);
      const path = join(root, "docs", "gallery", `${name}-${theme}.jpg`);
      await canvas.locator("img").screenshot({ path, type: "jpeg", quality: 70 });
    }
  } finally {
    await browser.close();
  }
});
