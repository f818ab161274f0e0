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

test("what each Task may cost is lowered, which one then asks for, and raised, which lets it go on", async () => {
  const { workbench } = scenario();
  await workbench.runCommand(change);
  await workbench.choose("Task Budget", "");
  await workbench.answer("5");
  await workbench.notification("A Task cannot cost $5.00").waitFor();
  await scenario().screenshot("task-budget-refused");
  await workbench.runCommand("Notifications: Clear All Notifications");
  await workbench.runCommand(change);
  await workbench.choose("Task Budget", "");
  await workbench.answer("0.0001");
  await workbench
    .treeItem("Runs", /waits for your answer|asks/)
    .first()
    .waitFor();
  await scenario().screenshot("task-budget-reached");
  await workbench.runCommand(change);
  await workbench.choose("Task Budget", "");
  await workbench.answer("0.5");
  await workbench.treeItem("Runs", /[1-6] of 6/).waitFor();
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
