/** Two windows on one repository: what is begun in one is seen, answered and accepted in the other. */
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { playScript } from "./harness/messagesServer";
import { git } from "./harness/repository";
import { prepareSample } from "./harness/sample";
import { useScenario } from "./harness/scenario";
import { patience, Workbench } from "./harness/workbench";

const server = await playScript("asking");
const scenario = useScenario({
  prepare: prepareSample,
  env: { ANTHROPIC_BASE_URL: server.url, ANTHROPIC_API_KEY: "sk-ant-api03-only-for-this-test" },
});
let page: Page;
let other: Workbench;

test("a Run that is begun in one window is seen in the other", async () => {
  const { workbench } = scenario();
  await workbench.openContainer("Contextune");
  await workbench.widenSideBar(560);
  const browser = workbench.page.context().browser();
  if (browser === null) throw new Error("The window has no browser.");
  page = await browser.newPage({ viewport: { width: 1440, height: 900 }, colorScheme: "dark" });
  page.setDefaultTimeout(patience);
  await page.goto(workbench.page.url());
  other = new Workbench(page);
  await other.ready();
  await other.openContainer("Contextune");
  await other.widenSideBar(560);
  await workbench.clickTreeAction("Todos", "are refused", "Delegate This TODO");
  await workbench.startRun();
  await other.treeItem("Runs", "running elsewhere").waitFor();
  await other.notification("Shall spaces around a code be ignored?").waitFor();
  await scenario().screenshot("1-elsewhere", page);
});

test("its question is answered there", async () => {
  const { workbench } = scenario();
  await other.clickNotificationButton("Shall spaces around a code be ignored?", "Answer");
  await other.choose("Yes");
  await workbench.treeItem("Runs", "ready for review").waitFor({ timeout: 60_000 });
  await other.treeItem("Runs", "ready for review").waitFor();
});

test("it is accepted there, and both windows tell", async () => {
  const { workbench, folder } = scenario();
  const before = git(folder, "rev-parse", "HEAD");
  await other.runCommand("Notifications: Clear All Notifications");
  await other.runCommand("Contextune: Accept Run");
  await other.notification("Accepted on main: 1 of 1 Tasks").waitFor();
  expect(git(folder, "rev-parse", "HEAD")).not.toBe(before);
  for (const window of [workbench, other]) {
    await window.treeItem("Runs", "accepted").waitFor();
    await window.treeItem("Todos", "are refused").waitFor({ state: "hidden" });
  }
  await scenario().screenshot("2-accepted");
  await scenario().screenshot("3-accepted-there", page);
});
