/** Runs are found by words, and a Task's row leads to its worktree and its diff. */
import { expect, test } from "vitest";
import { prepareSample } from "./harness/sample";
import { useScenario } from "./harness/scenario";

const scenario = useScenario({ prepare: prepareSample, settings: { "contextune.offline": true } });

/** How many Runs the view shows. */
const rows = () =>
  scenario()
    .workbench.tree("Runs")
    .filter({ hasText: /1 of 1[\s\S]*ready.for.review/ })
    .count();

const delegate = async (todo: string) => {
  const { workbench } = scenario();
  await workbench.clickTreeAction("Todos", todo, "Delegate This TODO");
  await workbench.startRun();
  await workbench.notification("Ready for review: 1 of 1 Tasks").waitFor({ timeout: 80_000 });
  await workbench.runCommand("Notifications: Clear All Notifications");
};

test("two Runs have been done", async () => {
  const { workbench } = scenario();
  await workbench.openContainer("Contextune");
  await workbench.widenSideBar(560);
  await delegate("round half up");
  await delegate("are refused");
  await expect.poll(rows).toBe(2);
});

test("words leave the Run that has them, and the view says so", async () => {
  const { workbench } = scenario();
  await workbench.runCommand("Contextune: Filter Runs");
  await workbench.quickInput.locator("input").fill("half review");
  await workbench.quickInput.locator("input").press("Enter");
  await workbench.expectText("1 of 2 Runs, with “half review”");
  await expect.poll(rows).toBe(1);
  await scenario().screenshot("1-found");
});

test("words that no Run has are told, and all Runs are shown again by the view's icon", async () => {
  const { workbench } = scenario();
  await workbench.runCommand("Contextune: Filter Runs");
  await workbench.quickInput.locator("input").fill("blockchain");
  await workbench.quickInput.locator("input").press("Enter");
  await workbench.expectText("No Run has “blockchain”.");
  await scenario().screenshot("2-none");
  await workbench.clickViewAction("Runs", "Show All Runs");
  await expect.poll(rows).toBe(2);
  await scenario().screenshot("3-all");
});

test("the clean-up lists the worktrees that the Runs still need, none of them ticked, each with the reason", async () => {
  const { workbench } = scenario();
  await workbench.runCommand("Contextune: Clean Up Worktrees");
  const listed = await workbench.choices();
  expect(listed.length).toBeGreaterThanOrEqual(2);
  for (const row of listed) expect(row).toContain("Its Run needs it.");
  expect(await workbench.quickInput.locator('.monaco-list-row [aria-checked="true"]').count()).toBe(0);
  await scenario().screenshot("4-worktrees");
  await workbench.dismiss();
});
