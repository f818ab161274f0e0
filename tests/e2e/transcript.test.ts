/** A transcript in the editor: live while its agent waits, folded, with an outline, and reached from a line of a diff. */
import { expect, test } from "vitest";
import { playScript } from "./harness/messagesServer";
import { prepareSample } from "./harness/sample";
import { useScenario } from "./harness/scenario";

const server = await playScript("asking");
const scenario = useScenario({
  prepare: prepareSample,
  env: { ANTHROPIC_BASE_URL: server.url, ANTHROPIC_API_KEY: "sk-ant-api03-only-for-this-test" },
});

/** Lines of the editor that is in use, as they are drawn. */
const line = (text: RegExp) =>
  scenario().workbench.page.locator(".editor-group-container.active .view-line", { hasText: text }).first();

test("the transcript of an agent that waits shows what it was told, and is folded where it is long", async () => {
  const { workbench } = scenario();
  await workbench.openContainer("Contextune");
  await workbench.widenSideBar(420);
  await workbench.clickTreeAction("Todos", "are refused", "Delegate This TODO");
  await workbench.startRun();
  await workbench.notification("Shall spaces around a code be ignored?").waitFor();
  await workbench.runCommand("Contextune: Open Transcript");
  await line(/^##\sTold/).waitFor();
  await line(/^##\sTurn\s1\s·\s\$0\.00/).waitFor();
  await line(/^\s\sCalled\sask/).waitFor();
  await workbench.page.locator(".editor-group-container.active .codicon-folding-collapsed").first().waitFor();
  await workbench.page.locator(".codelens-decoration", { hasText: "Tell the Agent" }).first().waitFor();
  await workbench.restMouse();
  await scenario().screenshot("1-live");
});

test("a heading says on hover what its price is made of", async () => {
  const { workbench } = scenario();
  await line(/^##\sTurn\s1/)
    .locator("span span", { hasText: "Turn" })
    .first()
    .hover();
  await workbench.page.locator(".monaco-hover", { hasText: "tokens in" }).first().waitFor();
  await scenario().screenshot("2-price");
  await workbench.restMouse();
});

test("what the agent does next is added at the end, where the cursor follows", async () => {
  const { workbench } = scenario();
  await workbench.clickNotificationButton("Shall spaces around a code be ignored?", "Answer");
  await workbench.choose("Yes");
  await line(/^##\sTurn\s2/).waitFor();
  await line(/^\s\s\s\s\+\s+return\sZONES\[country\.strip/).waitFor();
  await workbench.notification("Ready for review: 1 of 1 Tasks").waitFor();
  await line(/^##\sEnded:\sgreen/).waitFor();
  await workbench.page.locator(".codelens-decoration", { hasText: "Show What It Changed" }).first().waitFor();
  await workbench.runCommand("Notifications: Clear All Notifications");
  await scenario().screenshot("3-end");
});

test("the outline has an entry a turn, with its price", async () => {
  const { workbench } = scenario();
  await workbench.runCommand("Go to Symbol in Editor...");
  await workbench.page.locator(".quick-input-list .monaco-list-row", { hasText: "Turn 3 ·" }).first().waitFor();
  expect((await workbench.choices()).join("\n")).toMatch(/Turn 2 · \$0\.\d+/);
  await scenario().screenshot("4-outline");
  await workbench.page.locator(".quick-input-list .monaco-list-row", { hasText: "Turn 2 ·" }).first().click();
  await line(/^##\sTurn\s2/).waitFor();
});

test("a turn shows what it changed", async () => {
  const { workbench } = scenario();
  await workbench.runCommand("Contextune: Show What This Turn Changed");
  await line(/^\+\s+return\sZONES\[country\.strip/).waitFor();
  await scenario().screenshot("5-changes");
  await workbench.runCommand("View: Close All Editors");
});

test("a line of the review leads to the turn that wrote it", async () => {
  const { workbench } = scenario();
  await workbench.treeItem("Runs", "passed").click();
  await workbench.page.keyboard.press("ArrowRight");
  await workbench.treeItem("Runs", "zones.py").click();
  const right = workbench.page.locator(".editor.modified .view-line, .modified-in-monaco-diff-editor .view-line");
  await right.filter({ hasText: "country.strip" }).first().click();
  await workbench.runCommand("Contextune: Who Wrote This Line");
  await line(/^##\sTurn\s2/).waitFor();
  await workbench.restMouse();
  await scenario().screenshot("6-turn");
});

test("it reads well in a light window", async () => {
  await scenario().workbench.chooseTheme("Light Modern");
  await line(/^##\sTurn\s2/).waitFor();
  await scenario().screenshot("7-light");
});
