/** Two Tasks that are green alone and red together: the pair is named, one goes back to its agent, both land. */
import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { venvProgram } from "../../extension/scripts/python.mjs";
import { playScript } from "./harness/messagesServer";
import { git } from "./harness/repository";
import { prepareSample } from "./harness/sample";
import { useScenario } from "./harness/scenario";

const server = await playScript("together");
const scenario = useScenario({
  prepare: prepareSample,
  size: { width: 1440, height: 1000 },
  env: { ANTHROPIC_BASE_URL: server.url, ANTHROPIC_API_KEY: "sk-ant-api03-only-for-this-test" },
});
const runsRow = (text: RegExp | string) => scenario().workbench.treeItem("Runs", text);
const asked = "Shall amounts below zero";
const askedOnTop = "Shall my test expect 13.08?";

test("the first of the pair is in while the other one is still at work", async () => {
  const { workbench } = scenario();
  await workbench.openContainer("Contextune");
  await workbench.widenSideBar(640);
  await workbench.toggleTreeItem("Todos", "round half up");
  await workbench.toggleTreeItem("Todos", "volumetric weight");
  await workbench.clickViewAction("Todos", "Parallelize Selected");
  expect(await workbench.quote(2)).toHaveLength(2);
  await workbench.startRun();
  await workbench.restMouse();
  await workbench.notification(asked).waitFor({ timeout: 80_000 });
  await runsRow(/Bill the volumetric weight.*passed/).waitFor();
  await scenario().screenshot("1-first-is-in");
});

test("the other one, green by itself, goes back to its agent with the pair's names and the failing output", async () => {
  const { workbench } = scenario();
  await workbench.clickNotificationButton(asked, "Answer");
  await workbench.choose("Yes");
  await workbench.notification(askedOnTop).waitFor({ timeout: 80_000 });
  await runsRow("Green alone, red together with “Bill the volumetric weight”").waitFor();
  await scenario().screenshot("2-back");
  await runsRow("Attempt 2").click();
  await workbench.editor.locator(".view-line", { hasText: "Turn 1" }).click();
  await workbench.page.keyboard.press("Control+F"); // finds what is folded, too
  await workbench.page.keyboard.type("13.08 != 9.48");
  await workbench.page.keyboard.press("Enter");
  await workbench.editor.locator(".view-line", { hasText: "13.08 != 9.48" }).first().waitFor();
  await scenario().screenshot("3-what-it-is-told");
});

test("it is merged at last", async () => {
  const { workbench } = scenario();
  await workbench.clickNotificationButton(askedOnTop, "Answer");
  await workbench.choose("Yes");
  await workbench.notification("Ready for review: 2 of 2 Tasks").waitFor({ timeout: 80_000 });
  await scenario().screenshot("4-both");
});

test("the checkout gets both, and its tests pass", async () => {
  const { workbench, folder } = scenario();
  await workbench.runCommand("Notifications: Clear All Notifications");
  await workbench.runCommand("Contextune: Review Changes");
  await runsRow("Round half a cent up").click();
  await runsRow("went back to an agent once").waitFor();
  await workbench.multiDiffFiles();
  await workbench.restMouse();
  await scenario().screenshot("5-review");
  await workbench.runCommand("Contextune: Accept Run");
  await workbench.notification("Accepted on main: 2 of 2 Tasks").waitFor();
  await scenario().screenshot("6-accepted");
  expect(git(folder, "log", "--format=%s", "-2").split("\n")).toEqual([
    "Round half a cent up",
    "Bill the volumetric weight",
  ]);
  execFileSync(venvProgram("python"), ["-m", "unittest", "discover"], { cwd: folder, timeout: 60_000, stdio: "pipe" });
});
