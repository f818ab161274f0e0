/** A Python that is not there: the extension says so, and what to do. */
import { mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "vitest";
import { useScenario } from "./harness/scenario";

const scenario = useScenario({
  prepare: (home) => {
    mkdirSync(join(home, "user-data", "Machine"), { recursive: true });
    const settings = { "contextune.python": "/nowhere/python3" };
    writeFileSync(join(home, "user-data", "Machine", "settings.json"), JSON.stringify(settings));
    mkdirSync(join(home, "plain"));
    writeFileSync(join(home, "plain", "price.py"), "# TODO: a price\n");
    return realpathSync(join(home, "plain"));
  },
});

test("the message names the setting and what was expected", async () => {
  const { workbench } = scenario();
  await workbench
    .notification("contextune.python: expected the path of a Python 3.11 or later, not this: /nowhere/python3.")
    .waitFor();
  await workbench.openContainer("Contextune");
  await workbench.expectText("The daemon does not run, so no TODO can be shown.");
  await workbench.statusBarItem("Contextune").waitFor();
  await scenario().screenshot("1-no-python");
});
