/** A window without a folder: views say what to do, commands what they lack, and nothing starts. */
import { expect, test } from "vitest";
import { daemonsOf } from "./harness/processes";
import { useCloneDaemon } from "./harness/sample";
import { useScenario } from "./harness/scenario";

const scenario = useScenario({
  prepare: (home) => {
    useCloneDaemon(home);
    return "";
  },
  settings: { "contextune.offline": true },
});

test("the view asks for a folder, and no daemon runs", async () => {
  const { workbench, home } = scenario();
  await workbench.openContainer("Contextune");
  await workbench.expectText("Open a folder to see its TODO comments here.");
  await scenario().screenshot("1-no-folder");
  expect(daemonsOf(home)).toEqual([]);
});

test("commands that need a folder say so", async () => {
  const { workbench } = scenario();
  for (const title of ["Parallelize All TODOs", "Run a Goal…", "Ask…"]) {
    await workbench.runCommand(`Contextune: ${title}`);
    await workbench.notification("Open a folder first.").waitFor();
    if (title === "Ask…") await scenario().screenshot("2-said");
    await workbench.runCommand("Notifications: Clear All Notifications");
  }
});
