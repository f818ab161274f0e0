/** A workspace that is not trusted: TODOs are listed, and no agent starts. */
import { expect, test } from "vitest";
import { prepareSample } from "./harness/sample";
import { useScenario } from "./harness/scenario";

const scenario = useScenario({
  prepare: prepareSample,
  trusted: false,
  settings: {
    "contextune.offline": true,
    "security.workspace.trust.startupPrompt": "never",
    "security.workspace.trust.banner": "never",
  },
});

test("an untrusted workspace lists its TODOs, and says why no agent starts", async () => {
  const { workbench } = scenario();
  await workbench.openContainer("Contextune");
  await workbench.treeItem("Todos", "round half up").waitFor();
  await workbench.expectText("only in a workspace that you trust");
  await workbench.restMouse();
  await scenario().screenshot("1-untrusted");
});

test("a command that needs trust asks for it", async () => {
  const { workbench } = scenario();
  await workbench.runCommand("Contextune: Parallelize All TODOs");
  await workbench.notification("works only in a trusted workspace").waitFor();
  await scenario().screenshot("2-refused");
  expect(await workbench.quickInput.isVisible()).toBe(false);
});
