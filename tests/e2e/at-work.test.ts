/** What can be done with a Task while its agent works: steer it, look into its worktree, stop it, and begin it anew. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { playScript } from "./harness/messagesServer";
import { git } from "./harness/repository";
import { prepareSample } from "./harness/sample";
import { useScenario } from "./harness/scenario";

const server = await playScript("working");
const scenario = useScenario({
  prepare: prepareSample,
  size: { width: 1440, height: 1000 },
  settings: { "contextune.run": "python3 -m parcel 30x20x10 2 DE" },
  env: { ANTHROPIC_BASE_URL: server.url, ANTHROPIC_API_KEY: "sk-ant-api03-only-for-this-test" },
});
const runsRow = (text: RegExp | string) => scenario().workbench.treeItem("Runs", text);
const question = "Shall digits be ignored, too?";
/** The row of the Run's only Task. */
const task = () => {
  const { workbench } = scenario();
  return workbench.tree("Runs").and(workbench.page.locator('[aria-level="2"]')).first();
};
const inMenu = async (entry: string) => {
  await task().click({ button: "right" });
  await scenario().workbench.chooseFromMenu(entry);
};
const clickIcon = async (action: string) => {
  await task().hover();
  await task().locator(`.action-label[aria-label^="${action}"]`).first().click();
};

test("an agent at work is told something, which its transcript shows", async () => {
  const { workbench } = scenario();
  await workbench.openContainer("Contextune");
  await workbench.widenSideBar(560);
  await workbench.clickTreeAction("Todos", "are refused", "Delegate This TODO");
  await workbench.startRun();
  await runsRow(/working.*turn 1/).waitFor();
  await workbench.runCommand("Contextune: Tell the Agent…");
  await workbench.quickInput.locator("input").fill("Leave the error as it is.");
  await scenario().screenshot("1-tell");
  await workbench.page.keyboard.press("Enter");
  await workbench.notification(question).waitFor();
  await workbench.runCommand("Contextune: Open Transcript");
  await workbench.page
    .locator(".view-line", { hasText: /Leave\sthe\serror\sas\sit\sis\./ })
    .first()
    .waitFor();
  await workbench.restMouse();
  await scenario().screenshot("2-told");
});

test("its worktree opens in a terminal, and its program runs there", async () => {
  const { workbench } = scenario();
  const terminals = workbench.page.locator(".terminal-wrapper .xterm-rows");
  await inMenu("Open Terminal in Worktree");
  await terminals.first().waitFor();
  await inMenu("Try the Result in a Terminal");
  const shown = async () => (await terminals.allInnerTexts()).join("\n").replaceAll("\u00a0", " ");
  await expect.poll(shown, { timeout: 30_000 }).toMatch(/total/i);
  await workbench.restMouse();
  await scenario().screenshot("3-terminals");
  await workbench.runCommand("Terminal: Kill All Terminals");
});

test("its worktree opens in a window of its own", async () => {
  const { workbench } = scenario();
  await inMenu("Open Worktree in New Window");
  expect(await workbench.choices()).toHaveLength(2);
  await scenario().screenshot("4-how");
  const opened = workbench.page.context().waitForEvent("page");
  await workbench.choose("Open in a new window", "");
  const window = await opened;
  await window.locator(".explorer-folders-view .monaco-list-row").first().waitFor();
  await scenario().screenshot("5-window", window);
  await window.close();
});

test("the Run is paused and resumed by its row's icons", async () => {
  const { workbench } = scenario();
  await workbench.clickTreeAction("Runs", "of 1", "Pause or Resume Run");
  await runsRow("paused").waitFor();
  await workbench.restMouse();
  await scenario().screenshot("8-paused");
  await workbench.clickTreeAction("Runs", "of 1", "Resume Run");
  await runsRow(/asks you/).waitFor();
});

test("the Task goes back to a turn, and on from there by other words", async () => {
  const { workbench } = scenario();
  await workbench.runCommand("Notifications: Clear All Notifications");
  await inMenu("Go Back to a Turn…");
  expect((await workbench.choices()).join("\n")).toMatch(/After turn 1[\s\S]*Its start/);
  await scenario().screenshot("9-turns");
  await workbench.choose("After turn 1", "");
  await workbench.answer("Look once more, and say what you see.");
  await runsRow(/working/).waitFor();
  await runsRow(/asks you/).waitFor();
  await workbench.restMouse();
  await scenario().screenshot("10-back");
});

test("the Task is cancelled, and done again", async () => {
  const { workbench } = scenario();
  await clickIcon("Cancel Task");
  await runsRow(/are refused.*cancelled/).waitFor();
  await workbench.restMouse();
  await scenario().screenshot("11-cancelled");
  await clickIcon("Retry Task");
  await runsRow(/working/).waitFor();
  await workbench.notification(question).waitFor();
  await workbench.runCommand("Contextune: Answer Question");
  await workbench.choose("No");
  await workbench.notification("Ready for review: 1 of 1 Tasks").waitFor({ timeout: 80_000 });
  await scenario().screenshot("12-again");
});

test("a comment on a line is taken back, and another one is sent, which its agent works on", async () => {
  const { workbench } = scenario();
  await workbench.runCommand("Notifications: Clear All Notifications");
  await task().click();
  await workbench.page.keyboard.press("ArrowRight");
  await runsRow("parcel/zones.py").click();
  const right = workbench.page.locator(".editor.modified .view-line, .modified-in-monaco-diff-editor .view-line");
  const comment = async (text: string) => {
    await right.filter({ hasText: "country.strip" }).first().click();
    await workbench.runCommand("Comments: Add Comment on Current Selection");
    await workbench.expectText("Start discussion");
    await workbench.page.keyboard.type(text);
    await workbench.page.keyboard.press("Control+Enter");
    await workbench.expectText("Not sent yet");
  };
  await comment("Say so in the docstring.");
  await scenario().screenshot("13-comment");
  await workbench.page.locator('.review-widget .action-label[aria-label^="Remove Comment"]').first().click();
  await workbench.expectNoText("Not sent yet");
  await comment("Digits stay as they are.");
  await workbench.clickTreeAction("Runs", "of 1", "Send Comments to Agents");
  await workbench.notification(question).waitFor();
  await workbench.restMouse();
  await scenario().screenshot("14-sent");
  await workbench.runCommand("Contextune: Answer Question");
  await workbench.choose("No");
  await workbench.notification("Ready for review: 1 of 1 Tasks").waitFor({ timeout: 80_000 });
});

test("the result follows the branch, which has moved", async () => {
  const { workbench, folder } = scenario();
  await workbench.runCommand("Notifications: Clear All Notifications");
  writeFileSync(join(folder, "NEWS.md"), "# News\n");
  git(folder, "add", "NEWS.md");
  git(folder, "commit", "--quiet", "--message", "News");
  await workbench.clickTreeItem("Runs", "of 1");
  await workbench.treeItem("Runs", "of 1").click({ button: "right" });
  await workbench.chooseFromMenu("Follow the Branch");
  await workbench.notification("main").waitFor({ timeout: 60_000 });
  await scenario().screenshot("15-follows");
});

test("the result is discarded, and kept in a Salvage", async () => {
  const { workbench } = scenario();
  await workbench.runCommand("Notifications: Clear All Notifications");
  await workbench.runCommand("Contextune: Discard Run");
  await workbench.notification("was discarded").waitFor();
  await runsRow("discarded").waitFor();
  await workbench.restMouse();
  await scenario().screenshot("16-discarded");
});
