/** A folder that is no git repository: TODOs are listed, and what agents lack is said in words. */
import { mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { useCloneDaemon } from "./harness/sample";
import { useScenario } from "./harness/scenario";

const scenario = useScenario({
  prepare: (home) => {
    useCloneDaemon(home);
    const folder = join(home, "plain");
    mkdirSync(folder);
    writeFileSync(
      join(folder, "price.py"),
      "def price(grams):\n    # TODO: refuse a weight below zero\n    return grams\n",
    );
    return realpathSync(folder);
  },
  settings: { "contextune.offline": true },
});

test("the TODO is listed, and the Runs view says that a repository is missing", async () => {
  const { workbench } = scenario();
  await workbench.openContainer("Contextune");
  await workbench.treeItem("Todos", "refuse a weight below zero").waitFor();
  await workbench.expectText("This folder is not a git repository.");
  await workbench.expectNoText("Right-click a TODO to delegate it");
  await scenario().screenshot("1-plain-folder");
});

test("delegating says what is wrong", async () => {
  const { workbench } = scenario();
  await workbench.clickTreeAction("Todos", "refuse a weight", "Delegate This TODO");
  await workbench.notification(/git/i).waitFor();
  await scenario().screenshot("2-refused");
  expect(await workbench.quickInput.isVisible()).toBe(false);
});
