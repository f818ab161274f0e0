/** A webview as a person sees it, and what axe-core says of it. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Frame, Page } from "playwright-core";
import { patience } from "./workbench";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** The document of the webview that is open; VS Code has it in a frame within a frame. */
export async function webview(page: Page): Promise<Frame> {
  const inner = page.frameLocator("iframe.webview.ready").frameLocator("#active-frame");
  const handle = await inner.locator("body").first().elementHandle({ timeout: patience });
  const frame = await handle?.ownerFrame();
  if (!frame) throw new Error("The webview has no document.");
  return frame;
}

/** What breaks a rule of accessibility, each with the elements that do. */
export async function violations(frame: Frame): Promise<string[]> {
  // By the browser's devtools: the page's own policy lets no foreign script in.
  await frame.evaluate(axe);
  const results = await frame.evaluate(() =>
    (globalThis as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run(),
  );
  return results.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}
