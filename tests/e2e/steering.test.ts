/** A Run is changed while it goes on: more agents, other budgets, and a budget that is not possible. */
import { expect, test } from "vitest";
import { prepareSample } from "./harness/sample";
import { useScenario } from "./harness/scenario";

const scenario = useScenario({
  prepare: prepareSample,
  settings: { "contextune.offline": true, "contextune.agents": 1 },
});
const change = "Contextune: Change Budget, Agents or Rung";

test("with one agent, one Task is worked on at a time", async () => {
  const { workbench } = scenario();
  await workbench.openContainer("Contextune");
  await workbench.widenSideBar(460);
  await workbench.runCommand("Contextune: Parallelize All TODOs");
  await workbench.startRun();
  await workbench.treeItem("Runs", /[0-5] of 6/).waitFor();
});

test("a budget below what is spent is refused, with the least that is possible", async () => {
  const { workbench } = scenario();
  await workbench.runCommand(change);
  await workbench.choose("Budget", "");
  await workbench.answer("nothing");
  await workbench.expectText("Expected an amount in dollars, such as 2.00");
  await scenario().screenshot("amount");
  await workbench.answer("0.0001");
  await workbench.notification("give a budget of at least").waitFor();
  await scenario().screenshot("refused");
  await workbench.runCommand("Notifications: Clear All Notifications");
});

/** Says what each Task may cost from now on. */
async function boundEachTask(dollars: string): Promise<void> {
  const { workbench } = scenario();
  await workbench.runCommand(change);
  await workbench.choose("Task Budget", "");
  await workbench.expectText("The most that each Task may cost before it asks you");
  await workbench.answer(dollars);
}

test("a Task that has cost more than each may now asks, and goes on once that is raised", async () => {
  const { workbench } = scenario();
  await boundEachTask("5");
  await workbench.notification("A Task cannot cost $5.00").waitFor();
  await scenario().screenshot("task-budget-refused");
  await workbench.runCommand("Notifications: Clear All Notifications");
  await boundEachTask("0.0001");
  const asking = workbench.treeItem("Runs", /asks you/);
  await asking.waitFor();
  await scenario().screenshot("task-budget-reached");
  await boundEachTask("0.5");
  await asking.waitFor({ state: "hidden" });
  await workbench.runCommand("Notifications: Clear All Notifications");
});

test("more agents begin at once, and another budget holds", async () => {
  const { workbench } = scenario();
  await workbench.runCommand(change);
  expect((await workbench.choices()).join("\n")).toMatch(/Budget\s*\$2\.00[\s\S]*Agents\s*1/);
  await scenario().screenshot("choices");
  await workbench.choose("Agents", "");
  await workbench.answer("4");
  await workbench.runCommand(change);
  await workbench.choose("Budget", "");
  await workbench.answer("1.25");
  await workbench.notification("Ready for review").waitFor({ timeout: 80_000 });
  await workbench.treeItem("Runs", "6 of 6").waitFor();
});
