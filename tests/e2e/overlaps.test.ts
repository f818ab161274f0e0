/** What two Tasks share: told on both TODO lines while a Quote is open, and settled from the line. */
import { expect, test } from "vitest";
import { prepareSample } from "./harness/sample";
import { useScenario } from "./harness/scenario";

const scenario = useScenario({
  prepare: prepareSample,
  settings: { "contextune.offline": true },
  size: { width: 1440, height: 1250 }, // both lines stand below the open Quote
});
const told = () => scenario().workbench.editor.locator(".squiggly-info");

test("both lines tell what their Tasks share", async () => {
  const { workbench } = scenario();
  await workbench.openFile("parcel/sizes.py");
  await workbench.editor.locator(".codelens-decoration", { hasText: "Delegate" }).first().waitFor();
  await workbench.runCommand("Contextune: Parallelize All TODOs");
  await workbench.quote();
  await expect.poll(() => told().count()).toBeGreaterThanOrEqual(2);
  await scenario().screenshot("1-both-lines");
});

test("the line offers to settle it, and the open Quote follows", async () => {
  const { workbench } = scenario();
  const { page } = workbench;
  await workbench.editor.locator(".view-line", { hasText: "people also write" }).click();
  await page.keyboard.press("End");
  // VS Code looks for actions by itself once the cursor has moved, and closes a menu that was opened before.
  await workbench.editor.locator(".codicon-gutter-lightbulb, .lightBulbWidget").first().waitFor();
  await page.keyboard.press("Control+.");
  const oneByOne = page.locator(".action-widget .monaco-list-row.action", { hasText: "one after the other" });
  await oneByOne.first().waitFor();
  await scenario().screenshot("2-choices");
  await oneByOne.first().click();
  await workbench.treeItem("Quote", "Wave 2").waitFor();
  const comment = await workbench.editor.locator(".view-line > span", { hasText: "people also write" }).boundingBox();
  if (comment === null) throw new Error("The TODO is not in view.");
  await page.mouse.move(comment.x + 70, comment.y + comment.height / 2);
  await page.locator(".monaco-hover:not(.hidden)", { hasText: "They go one after the other." }).waitFor();
  await scenario().screenshot("3-settled");
});

test("a Quote that is left tells nothing more", async () => {
  const { workbench } = scenario();
  await workbench.leaveQuote();
  await expect.poll(() => told().count()).toBe(0);
});
