/** The worktree of a Run that was cancelled: listed, cleaned up with its unfinished work kept, and brought back. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { playScript } from "./harness/messagesServer";
import { git } from "./harness/repository";
import { prepareSample } from "./harness/sample";
import { useScenario } from "./harness/scenario";

const server = await playScript("editing");
const scenario = useScenario({
  prepare: prepareSample,
  env: { ANTHROPIC_BASE_URL: server.url, ANTHROPIC_API_KEY: "sk-ant-api03-only-for-this-test" },
});
/** The worktrees beside the checkout itself, as git lists them. */
const worktrees = () =>
  git(scenario().folder, "worktree", "list", "--porcelain")
    .split("\n")
    .flatMap((line) => (line.startsWith("worktree ") ? [line.slice("worktree ".length)] : []))
    .filter((path) => path !== scenario().folder);
const zones = (tree: string) => readFileSync(join(tree, "parcel", "zones.py"), "utf8");

test("a Run that is cancelled leaves its worktree, with what its agent had done", async () => {
  const { workbench } = scenario();
  await workbench.openContainer("Contextune");
  await workbench.restMouse();
  await workbench.clickTreeAction("Todos", "are refused", "Delegate This TODO");
  await workbench.startRun();
  await workbench.notification("Shall digits be ignored, too?").waitFor();
  await workbench.runCommand("Contextune: Cancel Run");
  await workbench.treeItem("Runs", /0 of 1.*cancelled/).waitFor();
  await workbench.runCommand("Notifications: Clear All Notifications");
  await workbench.restMouse();
  await scenario().screenshot("1-cancelled");
});

test("the clean-up lists it, tells that its work is unfinished, and keeps that", async () => {
  const { workbench } = scenario();
  await workbench.runCommand("Contextune: Clean Up Worktrees");
  const [row] = await workbench.choices();
  expect(row).toContain("Its unfinished work is kept.");
  await workbench.restMouse();
  await scenario().screenshot("2-clean-up");
  await workbench.quickInput.locator(".monaco-list-row").first().click();
  await workbench.quickInput.locator(".monaco-button", { hasText: "OK" }).click();
  await workbench.notification(/Removed 1 worktree .*Unfinished work is kept in a Salvage/).waitFor();
  await workbench.restMouse();
  await scenario().screenshot("3-cleaned-up");
  expect(worktrees().filter((tree) => zones(tree).includes("strip().upper()"))).toEqual([]);
});

test("the Salvage brings it back, on a branch of its own", async () => {
  const { workbench } = scenario();
  await workbench.clickNotificationButton("Removed 1 worktree", "Restore…");
  expect(await workbench.choices()).toEqual([expect.stringContaining("are refused")]);
  await scenario().screenshot("4-salvages");
  await workbench.page.keyboard.press("Enter");
  await workbench.notification("Restored on branch").waitFor();
  await scenario().screenshot("5-restored");
  expect(worktrees().filter((tree) => zones(tree).includes("strip().upper()"))).toHaveLength(1);
  expect(zones(scenario().folder)).toContain("FIXME");
});
