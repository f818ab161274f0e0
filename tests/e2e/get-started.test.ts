/** The walkthrough of the first five minutes: four steps, ticked off by what the user does. */
import { expect, test } from "vitest";
import { prepareSample } from "./harness/sample";
import { useScenario } from "./harness/scenario";

const scenario = useScenario({ prepare: prepareSample, settings: { "contextune.offline": true } });
const step = (title: string) => scenario().workbench.page.locator(".getting-started-step", { hasText: title }).first();
const ticked = (title: string) => step(title).locator(".codicon-getting-started-step-checked");

test("it opens by a command, and what is so already is ticked", async () => {
  const { workbench } = scenario();
  await workbench.runCommand("Contextune: Get Started");
  await step("Choose who pays for the model").waitFor();
  expect(await workbench.page.locator(".getting-started-step").count()).toBe(4);
  await ticked("Choose who pays for the model").waitFor();
  await ticked("Trust the workspace").waitFor();
  await step("Hand over a TODO").click();
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
  await workbench.restMouse();
  await scenario().screenshot("light");
});
