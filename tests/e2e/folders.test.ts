/** Several folders in one window: two clones of a repository and a plain folder, opened and closed while a Run goes on. */
import { mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { playScript } from "./harness/messagesServer";
import { git } from "./harness/repository";
import { prepareSample } from "./harness/sample";
import { useScenario } from "./harness/scenario";

const server = await playScript("asking");
const question = "Shall spaces around a code be ignored?";

/** The sample, a clone of it with a budget of its own, a folder without a repository, and a workspace of all three. */
function prepare(home: string): string {
  const parcel = prepareSample(home);
  const returns = join(realpathSync(home), "returns");
  git(parcel, "clone", "--quiet", parcel, returns);
  git(returns, "config", "user.name", "A Developer");
  git(returns, "config", "user.email", "developer@example.invalid");
  mkdirSync(join(returns, ".vscode"));
  writeFileSync(join(returns, ".vscode", "settings.json"), JSON.stringify({ "contextune.budget": 0.5 }));
  const notes = join(realpathSync(home), "notes");
  mkdirSync(notes);
  writeFileSync(join(notes, "ideas.py"), "# TODO: ask the carrier for a map of the zones\n");
  const workspace = join(realpathSync(home), "post.code-workspace");
  const folders = ["parcel", "returns", "notes"].map((path) => ({ path }));
  writeFileSync(workspace, JSON.stringify({ folders }));
  return workspace;
}

const scenario = useScenario({
  prepare,
  size: { width: 1440, height: 2000 }, // the TODOs of all three are in view
  env: { ANTHROPIC_BASE_URL: server.url, ANTHROPIC_API_KEY: "sk-ant-api03-only-for-this-test" },
});
const page = () => scenario().workbench.page;
const runsRow = (text: RegExp | string) => scenario().workbench.treeItem("Runs", text);
const todos = () => scenario().workbench.tree("Todos");
/** The row of a Todo in one of the clones: 0 for the first, 1 for the second. */
const refused = (clone: number) => todos().filter({ hasText: "are refused" }).nth(clone);
const boxOf = (clone: number) => refused(clone).locator('[role="checkbox"]').first();
const delegate = async (clone: number) => {
  await refused(clone).hover();
  await refused(clone).locator('.action-label[aria-label^="Delegate This TODO"]').click();
};

test("each folder's TODOs stand below its name", async () => {
  const { workbench } = scenario();
  await workbench.openContainer("Contextune");
  await workbench.widenSideBar(600);
  await page().locator('.sidebar .pane-header[aria-label^="Costs"]').click();
  for (const name of ["parcel", "returns", "notes"])
    await todos()
      .filter({ hasText: new RegExp(`^${name}`) })
      .first()
      .waitFor();
  await workbench.treeItem("Todos", "map of the zones").waitFor();
  await workbench.restMouse();
  await scenario().screenshot("1-three-folders");
});

test("a tick in one clone is none in the other, and of ticks in both one folder is chosen", async () => {
  const { workbench } = scenario();
  // Prices of each folder draw the view anew, which loses a click in its midst.
  for (const clone of [0, 1]) await refused(clone).filter({ hasText: "about $" }).waitFor();
  await boxOf(0).click();
  await refused(0).locator('[aria-checked="true"]').first().waitFor();
  expect(await boxOf(1).getAttribute("aria-checked")).toBe("false");
  await boxOf(1).click();
  await refused(1).locator('[aria-checked="true"]').first().waitFor();
  await workbench.clickViewAction("Todos", "Parallelize Selected");
  expect((await workbench.choices()).join("\n")).toMatch(/parcel\s*1 TODO[\s\S]*returns\s*1 TODO/);
  await scenario().screenshot("2-which-folder");
  await workbench.choose("returns", "");
  await workbench.treeItem("Quote", "Budget $0.50").waitFor();
  await workbench.restMouse();
  await scenario().screenshot("3-its-own-budget");
});

test("its Run says in which folder it works, and leaves the other clone's TODO alone", async () => {
  const { workbench } = scenario();
  await workbench.startRun();
  await workbench.notification(question).waitFor();
  await runsRow(/running · returns · /).waitFor();
  await refused(1).filter({ hasText: "asks you" }).waitFor();
  expect(await refused(0).innerText()).not.toContain("asks");
  await workbench.restMouse();
  await scenario().screenshot("4-returns");
});

test("a Run in each folder: the meter tells that it is the sum of both", async () => {
  const { workbench } = scenario();
  await workbench.runCommand("Notifications: Clear All Notifications");
  await delegate(0);
  await workbench.treeItem("Quote", "Budget $2.00").waitFor();
  await workbench.startRun();
  await runsRow(/running · parcel · /).waitFor();
  await expect
    .poll(() =>
      workbench
        .tree("Runs")
        .filter({ hasText: /asks.you/ })
        .count(),
    )
    .toBeGreaterThanOrEqual(1);
  await page().locator('.statusbar-item[id$="contextune.meter"]').hover();
  await page().locator(".monaco-hover:not(.hidden)", { hasText: "Spent by 2 Runs at work" }).waitFor();
  await scenario().screenshot("5-two-runs");
  await workbench.restMouse();
});

test("a folder without a repository says so, by its name", async () => {
  const { workbench } = scenario();
  await workbench.runCommand("Notifications: Clear All Notifications");
  await workbench.clickTreeAction("Todos", "map of the zones", "Delegate This TODO");
  await workbench.notification(/notes.*git/i).waitFor();
  await workbench.restMouse();
  await scenario().screenshot("6-no-repository");
});

test("a folder that is closed takes its TODOs along, and its Run goes on in view", async () => {
  const { workbench } = scenario();
  await workbench.runCommand("Notifications: Clear All Notifications");
  await workbench.openContainer("Explorer");
  await page()
    .locator(".explorer-folders-view .monaco-list-row", { hasText: "returns" })
    .first()
    .click({ button: "right" });
  await workbench.chooseFromMenu("Remove Folder from Workspace");
  await workbench.openContainer("Contextune");
  await todos()
    .filter({ hasText: /^returns/ })
    .first()
    .waitFor({ state: "hidden" });
  await runsRow(/running · returns · /).waitFor();
  await workbench.restMouse();
  await scenario().screenshot("7-closed");
});

test("its question is answered from there, and its result waits for review", async () => {
  const { workbench } = scenario();
  await runsRow(/running · returns · /).click();
  await workbench.runCommand("Contextune: Answer Question");
  await workbench.choices();
  await scenario().screenshot("8-which-task");
  await page().keyboard.press("Escape");
});
