/** With a key: it is entered once, pays for a Run whose agent asks a question, and is written down nowhere. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { playScript } from "./harness/messagesServer";
import { prepareSample } from "./harness/sample";
import { useScenario } from "./harness/scenario";

const key = "sk-ant-api03-only-for-this-test";
const server = await playScript("asking");

const scenario = useScenario({ prepare: prepareSample, env: { ANTHROPIC_BASE_URL: server.url } });

test("the key is entered by a command", async () => {
  const { workbench } = scenario();
  await workbench.openContainer("Contextune");
  await workbench.expectText("There is no API key, so no agent can work yet.");
  await workbench.runCommand("Contextune: Set API Key");
  await workbench.expectText("Anthropic API Key");
  await scenario().screenshot("1-key");
  await workbench.answer(key);
  await workbench.notification("The API key is stored").waitFor();
  await workbench.expectNoText("There is no API key, so no agent can work yet.");
});

test("an agent's question is a notification, and its Task waits", async () => {
  const { workbench } = scenario();
  await workbench.clickTreeAction("Todos", "are refused", "Delegate This TODO");
  await workbench.quote();
  await workbench.expectNoText("Offline model: scripted");
  const host = new URL(server.url).hostname;
  await workbench.treeItem("Quote", new RegExp(`Sends to ${host}.*2 files, [0-9.]+ k?B`, "s")).waitFor();
  await workbench.clickTreeItem("Quote", `Sends to ${host}`);
  await workbench.treeItem("Quote", /zones\.py.*k?B/s).waitFor();
  await workbench.restMouse();
  await scenario().screenshot("1-sent");
  await workbench.runCommand("Notifications: Clear All Notifications");
  await workbench.startRun();
  await workbench.notification("Shall spaces around a code be ignored?").waitFor();
  await workbench.treeItem("Runs", "asks you").waitFor();
  await workbench.widenSideBar(520);
  await workbench.restMouse();
  await scenario().screenshot("2-question");
});

test("the Run can be paused and resumed while its agent waits", async () => {
  const { workbench } = scenario();
  await workbench.runCommand("Contextune: Pause or Resume Run");
  await workbench.treeItem("Runs", "paused").waitFor();
  await workbench.runCommand("Contextune: Pause or Resume Run");
  await workbench.treeItem("Runs", "running").waitFor();
});

test("the hover over its TODO asks, too, and the answer reaches the agent, which goes on to the end", async () => {
  const { workbench } = scenario();
  await workbench.runCommand("Notifications: Clear All Notifications");
  await workbench.openFile("parcel/zones.py");
  const asked = await workbench.hover(16, "refused");
  expect(asked).toMatch(/asks you[\s\S]*Asks: Shall spaces around a code be ignored\?/);
  await scenario().screenshot("3-hover");
  await workbench.editorHover.locator("a", { hasText: "Answer" }).first().click();
  expect(await workbench.choices()).toEqual([
    expect.stringContaining("Yes"),
    expect.stringContaining("No"),
    expect.stringContaining("Other…"),
  ]);
  await scenario().screenshot("3-answers");
  await workbench.choose("Yes");
  await workbench.notification("Ready for review: 1 of 1 Tasks").waitFor();
  expect(server.requests()).toBeGreaterThanOrEqual(3);
});

test("the key is in no log, no setting, no Journal and no worktree", () => {
  const { home } = scenario();
  const files = readdirSync(home, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const holding = files
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !file.startsWith(join(home, "extensions")) && readFileSync(file).includes(key));
  expect(holding).toEqual([]);
  expect(readFileSync(server.log, "utf8")).not.toContain(key);
});
