/** The Radar over an unsaved edit: what an agent and the user change at the same place is told on the line. */
import { expect, test } from "vitest";
import { playScript } from "./harness/messagesServer";
import { prepareSample } from "./harness/sample";
import { useScenario } from "./harness/scenario";

const server = await playScript("editing");
const scenario = useScenario({
  prepare: prepareSample,
  size: { width: 1440, height: 1100 }, // all TODOs are in view
  env: { ANTHROPIC_BASE_URL: server.url, ANTHROPIC_API_KEY: "sk-ant-api03-only-for-this-test" },
});
const told = () => scenario().workbench.editor.locator(".squiggly-warning");

test("what the user types where an agent has changed the file is told on the line, unsaved", async () => {
  const { workbench } = scenario();
  await workbench.openContainer("Contextune");
  await workbench.restMouse();
  await workbench.clickTreeAction("Todos", "are refused", "Delegate This TODO");
  await workbench.startRun();
  await workbench.notification("Shall digits be ignored, too?").waitFor();
  await workbench.openFile("parcel/zones.py");
  await workbench.editor.locator(".view-line", { hasText: "return ZONES[country]" }).click();
  await workbench.page.keyboard.press("End");
  await workbench.page.keyboard.type("  # by country code");
  await expect.poll(() => told().count(), { timeout: 20_000 }).toBeGreaterThanOrEqual(1);
  await scenario().screenshot("1-unsaved");
});

test("the hover tells who changes what, and at what cost so far", async () => {
  const { workbench } = scenario();
  const line = await workbench.editor.locator(".view-line > span", { hasText: "by country code" }).boundingBox();
  if (line === null) throw new Error("The line is not in view.");
  await workbench.page.mouse.move(line.x + 60, line.y + line.height / 2);
  await workbench.page.locator(".monaco-hover:not(.hidden)", { hasText: /so far|\$/ }).waitFor();
  await scenario().screenshot("2-hover");
});

test("it is gone once the user takes the edit back", async () => {
  const { workbench } = scenario();
  await workbench.editor.locator(".view-line", { hasText: "by country code" }).click();
  // VS Code takes back a word at a time.
  await expect
    .poll(
      async () => {
        await workbench.page.keyboard.press("Control+z");
        return told().count();
      },
      { timeout: 30_000, interval: 1_000 },
    )
    .toBe(0);
});
