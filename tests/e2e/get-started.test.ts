/** The walkthrough of the first five minutes: four steps, ticked off by what the user does. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { prepareSample } from "./harness/sample";
import { useScenario } from "./harness/scenario";

const scenario = useScenario({ prepare: prepareSample, settings: { "contextune.offline": true } });
const step = (title: string) => scenario().workbench.page.locator(".getting-started-step", { hasText: title }).first();
/** Waits for a step's picture, which comes a moment after its words: by the number of its shapes, in which they differ. */
const drawn = async (name: string) => {
  const { page } = scenario().workbench;
  const shapes = readFileSync(`extension/media/walkthrough/${name}.svg`, "utf8").match(/<[a-z]/g)?.length ?? 0;
  const shown = page.frameLocator("iframe.webview.ready").frameLocator("#active-frame").locator("svg, svg *");
  await expect.poll(() => shown.count(), { timeout: 20_000 }).toBe(shapes);
};
const ticked = (title: string) => step(title).locator(".codicon-getting-started-step-checked");

test("it opens by a command, and what is so already is ticked", async () => {
  const { workbench } = scenario();
  await workbench.runCommand("Contextune: Get Started");
  await step("Choose who pays for the model").waitFor();
  expect(await workbench.page.locator(".getting-started-step").count()).toBe(4);
  await ticked("Choose who pays for the model").waitFor();
  await ticked("Trust the workspace").waitFor();
  await step("Hand over a TODO").click();
  await drawn("todo");
  await workbench.restMouse();
  await scenario().screenshot("steps");
  expect(await ticked("Hand over a TODO").count()).toBe(0);
});

test("handing over a TODO ticks its step", async () => {
  const { workbench } = scenario();
  await workbench.runCommand("Contextune: Parallelize All TODOs");
  await workbench.quote();
  await workbench.leaveQuote();
  await ticked("Hand over a TODO").waitFor();
});

test("and in a light window", async () => {
  const { workbench } = scenario();
  await workbench.chooseTheme("Light Modern");
  await step("Review, then accept").click();
  await drawn("review");
  await workbench.restMouse();
  await scenario().screenshot("light");
});
