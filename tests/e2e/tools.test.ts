/** Another agent of the editor finds the tools, and the user is asked before one spends or changes anything. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { nodeProgram } from "../../extension/scripts/node.mjs";
import { root } from "../../extension/scripts/steps.mjs";
import { git } from "./harness/repository";
import { prepareSample } from "./harness/sample";
import { useScenario } from "./harness/scenario";

const caller = "caller.vsix";

/** The sample project, and the caller as a package that the editor can install. */
function prepare(home: string): string {
  const packing = ["package", "--no-dependencies", "--allow-missing-repository", "--skip-license"];
  execFileSync(process.execPath, [nodeProgram("@vscode/vsce", "vsce"), ...packing, "--out", join(home, caller)], {
    cwd: join(root, "tests", "e2e", "caller"),
    stdio: "pipe",
  });
  return prepareSample(home);
}

const scenario = useScenario({
  prepare,
  extensions: [caller],
  settings: { "contextune.offline": true, "contextune.otherAgents": { accept: "deny" } },
});

let todoId: string;

/** Has the other agent call a tool. */
async function call(line: string): Promise<void> {
  await scenario().workbench.runCommand("Caller: Call a Tool");
  await scenario().workbench.answer(line);
}

/** What the tool answered: the document that has come up. */
async function answered(part: string): Promise<string> {
  await scenario().workbench.expectText(part);
  return scenario().workbench.editorText();
}

test("all ten tools are registered", async () => {
  await call("names");
  expect((await answered("contextune_cost")).trim().split("\n").sort()).toEqual(
    ["accept", "answer", "cancel", "cost", "quote", "review", "run", "status", "tell", "todos"].map(
      (name) => `contextune_${name}`,
    ),
  );
});

test("what only reads is done at once", async () => {
  await call('contextune_todos {"path": "parcel/money.py"}');
  const text = await answered("1 Todo.");
  expect(text).toContain("TODO: round half up");
  todoId = text.match(/t_[0-9a-f]{10}/)?.[0] ?? "";
});

test("what spends asks first, and is not done where the user says no", async () => {
  const { workbench } = scenario();
  await call('contextune_quote {"all": true}');
  await workbench.dialog.waitFor();
  expect(await workbench.dialog.innerText()).toContain("Make a quote for every Todo?");
  await scenario().screenshot("1-asked");
  await workbench.clickDialogButton("Cancel");
  expect(await answered("Failed: ")).toMatch(/^Failed: .*[Cc]ancel/);
});

test("with consent a quote is made, and its Run started within the limit", async () => {
  const { workbench, folder } = scenario();
  await call(`contextune_quote {"todoIds": ["${todoId}"]}`);
  await workbench.clickDialogButton("Yes");
  const quote = (await answered("Nothing has started.")).match(/^Quote (r_[0-9a-f]{8}): 1 Task, /)?.[1];
  await call(`contextune_run {"quoteId": "${quote}", "limit": "0.50"}`);
  await workbench.dialog.waitFor();
  expect(await workbench.dialog.innerText()).toMatch(/Start “round half up.*\$0\.5000 at most\?/s);
  await scenario().screenshot("2-run");
  await workbench.clickDialogButton("Yes");
  await answered("It is at work");
  await workbench.notification("Ready for review: 1 of 1 Tasks").waitFor();
  await scenario().screenshot("3-review");
  expect(git(folder, "status", "--porcelain")).toBe("");
});

test("what the user denies is refused without a question", async () => {
  await call('contextune_accept {"runId": "r_00000000"}');
  expect(await answered("does not let other agents")).toContain("contextune.otherAgents in VS Code");
  expect(await scenario().workbench.dialog.isVisible()).toBe(false);
});
