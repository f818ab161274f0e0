/** What two Tasks share: on both TODO lines while the Quote is open, settled from the line. */
import { expect, test } from "vitest";
import { prepareSample } from "./harness/sample";
import { useScenario } from "./harness/scenario";

const scenario = useScenario({ prepare: prepareSample, settings: { "contextune.offline": true } });

test("both lines tell what their Tasks share", async () => {
  const { workbench } = scenario();
  await workbench.openFile("sizes.py");
  await workbench.runCommand("Contextune: Parallelize All TODOs");
  await workbench.expectText(/^Quote: /);
  await workbench.page.locator(".monaco-editor .squiggly-info").nth(1).waitFor();
  expect(await workbench.page.locator(".monaco-editor .squiggly-info").count()).toBe(2);
  await scenario().screenshot("1-both-lines");
});
