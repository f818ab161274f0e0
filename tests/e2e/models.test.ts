/** Without a key: VS Code's own models, from a provider that another extension registers, do a whole Todo. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { nodeProgram } from "../../extension/scripts/node.mjs";
import { root } from "../../extension/scripts/steps.mjs";
import { playBuiltInScripts } from "./harness/messagesServer";
import { git } from "./harness/repository";
import { prepareSample } from "./harness/sample";
import { useScenario } from "./harness/scenario";

const provider = "provider.vsix";
const server = await playBuiltInScripts();

/** The sample project, and the provider as a package that the editor can install. */
function prepare(home: string): string {
  const packing = ["package", "--no-dependencies", "--allow-missing-repository", "--skip-license"];
  execFileSync(process.execPath, [nodeProgram("@vscode/vsce", "vsce"), ...packing, "--out", join(home, provider)], {
    cwd: join(root, "tests", "e2e", "provider"),
    stdio: "pipe",
  });
  return prepareSample(home);
}

const scenario = useScenario({
  prepare,
  extensions: [provider],
  env: { CONTEXTUNE_TEST_MESSAGES: server.url.replace("0.0.0.0", "127.0.0.1") },
});

const file = "parcel/money.py";
const text = () => readFileSync(join(scenario().folder, file), "utf8");

test("without a key, VS Code's models are one of the ways on", async () => {
  const { workbench } = scenario();
  await workbench.openContainer("Contextune");
  await workbench.expectText("Or use the models that VS Code offers");
  await workbench.clickTreeAction("Todos", "round half up", "Delegate This TODO");
  await workbench.notification("Contextune has no API key").waitFor();
  await scenario().screenshot("1-no-key");
});

test("whose models they are is chosen, and what is sent is said before", async () => {
  const { workbench } = scenario();
  await workbench.clickNotificationButton("Contextune has no API key", "Use VS Code's Models");
  await workbench.expectText("Whose Models Shall Agents Use?");
  await scenario().screenshot("2-whose");
  await workbench.choose("scripted");
  await workbench.dialog.waitFor();
  const question = await workbench.dialog.innerText();
  expect(question).toContain("Let Contextune send text of your repositories to the provider “scripted”");
  expect(question).toContain("it shows them as unpriced requests");
  await scenario().screenshot("3-consent");
});

test("nothing is sent and nothing is switched on where the user says no", async () => {
  const { workbench } = scenario();
  await workbench.clickDialogButton("Cancel");
  await workbench.expectText("Or use the models that VS Code offers");
  expect(server.requests()).toBe(0);
});

test("with consent, the Quote is unpriced", async () => {
  const { workbench } = scenario();
  await workbench.runCommand("Contextune: Use VS Code's Models");
  await workbench.choose("scripted");
  await workbench.clickDialogButton("Allow");
  await workbench.notification("Agents now use VS Code's own language models").waitFor();
  await workbench.clickTreeAction("Todos", "round half up", "Delegate This TODO");
  expect(await workbench.quote(1)).toEqual([expect.stringContaining("unpriced")]);
  const row = (text: RegExp) => workbench.treeItem("Quote", text);
  await row(/at most 200 requests/).waitFor();
  await workbench.clickTreeItem("Quote", "at most 200 requests");
  await workbench.choose("Requests");
  await workbench.answer("150");
  await row(/up to 4 agents · at most 150 requests/).waitFor();
  await row(/a Run sends at most 150 of them/).waitFor();
  await scenario().screenshot("4-quote");
});

test("the Run is done by them, and counted in requests", async () => {
  const { workbench } = scenario();
  await workbench.startRun();
  await workbench.notification("Ready for review: 1 of 1 Tasks").waitFor();
  await workbench.statusBarItem(/\d+ unpriced requests/).waitFor();
  await scenario().screenshot("5-ready");
  expect((await workbench.statusBarText()).join("\n")).not.toContain("$0");
});

test("it is reviewed and accepted", async () => {
  const { workbench, folder } = scenario();
  const before = git(folder, "rev-parse", "HEAD");
  await workbench.clickNotificationButton("Ready for review", "Review");
  expect(await workbench.multiDiffFiles()).toContainEqual(expect.stringMatching(/^money\.py/));
  await scenario().screenshot("6-review");
  await workbench.runCommand("Contextune: Accept Run");
  await workbench.notification("Accepted on main: 1 of 1 Tasks").waitFor();
  await scenario().screenshot("7-accepted");
  expect(text()).not.toContain("TODO");
  expect(git(folder, "rev-parse", "HEAD")).not.toBe(before);
});

test("the doctor's page names whose models are asked", async () => {
  const { workbench } = scenario();
  await workbench.runCommand("Contextune: Doctor");
  await workbench.page.locator(".webview.ready").first().waitFor();
  const page = workbench.page.frameLocator(".webview.ready").frameLocator("#active-frame");
  await page.getByText("VS Code's own language models").waitFor();
  await scenario().screenshot("8-doctor");
});
