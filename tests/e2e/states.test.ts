/** States that no other story passes through: a Quote in the making, and a Run that its budget has parked. */
import { expect, test } from "vitest";
import { prepareSample } from "./harness/sample";
import { useScenario } from "./harness/scenario";

const scenario = useScenario({
  prepare: prepareSample,
  settings: {
    "contextune.offline": true,
    "contextune.budget": 0.006,
    "contextune.gate": "sleep 4; python3 -m unittest",
  },
});

test("while a Quote is made, a notification says how far it is, and can stop it", async () => {
  const { workbench } = scenario();
  await workbench.openContainer("Contextune");
  await workbench.widenSideBar(640);
  await workbench.runCommand("Contextune: Parallelize All TODOs");
  await workbench.notification("Making a Quote").waitFor();
  await workbench.notification(/Running the tests on the base/).waitFor();
  await workbench.restMouse();
  await scenario().screenshot("planning");
  await workbench.quote();
});

test("a Run that reaches its budget parks, and says what to do", async () => {
  const { workbench } = scenario();
  await workbench.startRun();
  await workbench.treeItem("Runs", "budget reached").waitFor({ timeout: 80_000 });
  await workbench.restMouse();
  // What was on its way when the budget was reached is paid, too; the Costs view tells it a moment later.
  const amount = async (row: string) => (await workbench.treeItem(row, /\$/).innerText()).match(/\$[\d.]+/)?.[0];
  await expect.poll(async () => (await amount("Costs")) === (await amount("Runs")), { timeout: 30_000 }).toBe(true);
  await scenario().screenshot("parked");
});
