/** The review of a Run: riskiest first, a change rejected and taken back, and a comment on a line. */
import { test } from "vitest";
import { prepareSample } from "./harness/sample";
import { useScenario } from "./harness/scenario";

const scenario = useScenario({
  prepare: prepareSample,
  settings: { "contextune.offline": true },
  size: { width: 1440, height: 1000 },
});
const runsRow = (text: RegExp | string) => scenario().workbench.treeItem("Runs", text);
/** Lines of the right side of the open diff. */
const right = (text: string) =>
  scenario().workbench.page.locator(".editor.modified .view-line, .modified-in-monaco-diff-editor .view-line", {
    hasText: text,
  });

test("the Run's result is listed, riskiest first, with the reasons", async () => {
  const { workbench } = scenario();
  await workbench.openContainer("Contextune");
  await workbench.widenSideBar(480);
  await workbench.toggleTreeItem("Todos", "round half up");
  await workbench.toggleTreeItem("Todos", "are refused");
  await workbench.clickViewAction("Todos", "Parallelize Selected");
  await workbench.startRun();
  await workbench.notification("Ready for review").waitFor({ timeout: 80_000 });
  await workbench.runCommand("Notifications: Clear All Notifications");
  for (const row of await runsRow(/passed/).all()) {
    await row.click();
    await workbench.page.keyboard.press("ArrowRight");
  }
  await runsRow("money.py").first().waitFor();
  await scenario().screenshot("1-riskiest-first");
});

test("a line of the diff leads to the turn that wrote it", async () => {
  const { workbench } = scenario();
  await runsRow("money.py").first().click();
  await right("ROUND_HALF_UP").first().click();
  await workbench.runCommand("Contextune: Who Wrote This Line");
  await workbench.page
    .locator(".editor-group-container.active .view-line", { hasText: /^##\sTurn\s\d/ })
    .first()
    .waitFor();
  await workbench.restMouse();
  await scenario().screenshot("1b-turn");
  await workbench.runCommand("View: Close Editor");
});

test("a change at the cursor is rejected, and stays listed", async () => {
  const { workbench } = scenario();
  await runsRow("money.py").first().click();
  await right("ROUND_HALF_UP").first().click();
  await workbench.runCommand("Contextune: Reject This Change");
  await runsRow("Change rejected").waitFor({ timeout: 60_000 });
  await workbench.notification("The result is red now").waitFor();
  await workbench.restMouse();
  await scenario().screenshot("2-rejected");
});

test("the rejected change is taken back", async () => {
  const { workbench } = scenario();
  await workbench.clickTreeAction("Runs", "Change rejected", "Take Back");
  await runsRow("Change rejected").waitFor({ state: "hidden", timeout: 60_000 });
  await right("ROUND_HALF_UP").first().waitFor();
  await workbench.notification("The result is red now").waitFor({ state: "hidden" });
  await workbench.restMouse();
  await scenario().screenshot("3-taken-back");
});

test("all that a Task changed of a file is rejected by the row's icon, and taken back", async () => {
  const { workbench } = scenario();
  await runsRow("Accept country codes").click();
  await workbench.page.keyboard.press("ArrowRight");
  await workbench.clickTreeAction("Runs", "parcel/zones.py", "Reject This File");
  await runsRow("File rejected").waitFor({ timeout: 60_000 });
  await workbench.restMouse();
  await scenario().screenshot("3b-file-rejected");
  await workbench.clickTreeAction("Runs", "File rejected", "Take Back");
  await runsRow("File rejected").waitFor({ state: "hidden", timeout: 60_000 });
  await runsRow("money.py").first().click();
  await right("ROUND_HALF_UP").first().waitFor();
});

test("a comment on a line is kept until it is sent", async () => {
  const { workbench } = scenario();
  await right("ROUND_HALF_UP").first().click();
  await workbench.runCommand("Comments: Add Comment on Current Selection");
  await workbench.expectText("Start discussion");
  await workbench.page.keyboard.type("Say in the docstring that halves go up.");
  await scenario().screenshot("4-comment");
  await workbench.page.keyboard.press("Control+Enter");
  await workbench.expectText("Not sent yet");
  await scenario().screenshot("5-comment-kept");
});
