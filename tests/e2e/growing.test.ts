/** A window with one folder gets another one while a Run goes: its extension host starts anew, the Run goes on, once. */
import { mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { ledgerSums } from "./harness/ledger";
import { playScript } from "./harness/messagesServer";
import { daemonsOf } from "./harness/processes";
import { prepareSample } from "./harness/sample";
import { useScenario } from "./harness/scenario";

const server = await playScript("asking");
const scenario = useScenario({
  prepare: prepareSample,
  size: { width: 1440, height: 1250 }, // the TODOs of both folders are in view
  env: { ANTHROPIC_BASE_URL: server.url, ANTHROPIC_API_KEY: "sk-ant-api03-only-for-this-test" },
});
const todo = '"de" and "DE " are refused, and the web shop sends both';
const question = "Shall spaces around a code be ignored?";
const runsRow = (text: RegExp | string) => scenario().workbench.treeItem("Runs", text);

const meter = () => scenario().workbench.page.locator('.statusbar-item[id$="contextune.meter"]');
/** What has been paid in all, as the meter writes it. */
const paid = () => `$${(ledgerSums(scenario().home).at(-1) ?? 0).toFixed(4)}`;
let before: { daemons: number[]; sums: readonly number[]; requests: number };

test("a Run goes on in a window with one folder", async () => {
  const { workbench, home } = scenario();
  await workbench.openContainer("Contextune");
  await workbench.widenSideBar(560);
  await workbench.clickTreeAction("Todos", "are refused", "Delegate This TODO");
  await workbench.startRun();
  await workbench.notification(question).waitFor();
  await runsRow("asks you").waitFor();
  before = { daemons: daemonsOf(home), sums: ledgerSums(home), requests: server.requests() };
  expect(before.daemons).toHaveLength(1);
});

/**
 * Add a folder to the window. VS Code in a browser may come back before its file of the new workspace can be read,
 * shows no folder then, and may never find it: the window with one folder is opened once more, and asked again.
 */
async function addFolder(folder: string): Promise<void> {
  const { page, quickInput } = scenario().workbench;
  const alone = page.url();
  const added = page.locator(".explorer-folders-view .monaco-list-row", { hasText: basename(folder) }).first();
  for (let left = 4; left > 0; left--) {
    await scenario().workbench.runCommand("Workspaces: Add Folder to Workspace...");
    await quickInput.getByText("Add Folder to Workspace").waitFor();
    // It lists the folders beside the one that is open, and then those of the path that is typed: none.
    const beside = quickInput.locator(".monaco-list-row", { hasText: "user-data" });
    await beside.waitFor();
    await quickInput.locator("input").first().fill(`${folder}/`);
    await beside.waitFor({ state: "hidden" });
    await quickInput.getByRole("button", { name: "Add" }).click();
    await page.waitForURL(/workspace=.*Untitled/);
    await added.or(page.getByText("No Folder Opened")).first().waitFor();
    if (await added.isVisible()) return;
    await page.goto(alone);
    await scenario().workbench.ready(false);
  }
  throw new Error("VS Code did not find the workspace that it made.");
}

test("another folder is added, for which VS Code begins anew: the next daemon asks once more, and pays nothing", async () => {
  const { workbench, home } = scenario();
  const notes = join(realpathSync(home), "notes");
  mkdirSync(notes);
  writeFileSync(join(notes, "ideas.py"), "# TODO: ask the carrier for a map of the zones\n");
  await addFolder(notes);
  await workbench.notification(`parcel · ${todo}: ${question}`).waitFor();
  await workbench.openContainer("Contextune");
  await workbench.widenSideBar(560);
  await workbench.treeItem("Todos", "map of the zones").waitFor();
  await runsRow(/running · parcel/).waitFor();
  await runsRow("asks you").waitFor();
  await workbench.restMouse();
  await scenario().screenshot("1-two-folders");
  expect(await workbench.tree("Runs").and(workbench.page.locator('[aria-level="1"]')).count()).toBe(1);
  const [daemon, ...others] = daemonsOf(home);
  expect(others).toEqual([]);
  expect(before.daemons).not.toContain(daemon);
  expect({ sums: ledgerSums(home), requests: server.requests() }).toEqual({
    sums: before.sums,
    requests: before.requests,
  });
  expect(await meter().innerText()).toContain(paid());
});

test("the Run is answered there, and comes to its end with every cent counted once", async () => {
  const { workbench } = scenario();
  await workbench.clickNotificationButton(question, "Answer");
  await workbench.choose("Yes");
  await workbench.notification("Ready for review: 1 of 1 Tasks").waitFor();
  await runsRow(/ready for review · parcel/).waitFor();
  await expect.poll(() => meter().innerText()).toContain(paid());
  await scenario().screenshot("2-ready");
});
