/** A Run that a terminal drives: live in the window, taken over when its process dies, and again by the next daemon. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { venvProgram } from "../../extension/scripts/python.mjs";
import { playScript } from "./harness/messagesServer";
import { daemonsOf } from "./harness/processes";
import { prepareSample } from "./harness/sample";
import { useScenario } from "./harness/scenario";

const server = await playScript("asking");
const env = { ANTHROPIC_BASE_URL: server.url, ANTHROPIC_API_KEY: "sk-ant-api03-only-for-this-test" };
const scenario = useScenario({ prepare: prepareSample, env });
const question = "Shall spaces around a code be ignored?";
const runsRow = (text: RegExp | string) => scenario().workbench.treeItem("Runs", text);

let terminal: ChildProcess | undefined;
afterAll(() => terminal?.kill("SIGKILL"));

function commandLine() {
  const { home, folder } = scenario();
  return { cwd: folder, env: { ...process.env, ...env, CONTEXTUNE_HOME: join(home, "contextune") } };
}

/** What a command of the command line prints with `--json`, a line each. */
function listed(command: string) {
  const lines = execFileSync(venvProgram("contextune"), [command, "--json"], { ...commandLine(), encoding: "utf8" });
  return lines.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)]));
}

/** The id of the Todo whose text holds `words`. */
const todoId = (words: string): string => listed("todos").find(({ text }) => text.includes(words)).id;

test("a Run that was begun in a terminal is live in the window, and says where it is driven", async () => {
  const { workbench } = scenario();
  await workbench.openContainer("Contextune");
  await workbench.widenSideBar(560);
  const args = ["run", "--todo", todoId("are refused"), "--yes"];
  terminal = spawn(venvProgram("contextune"), args, { ...commandLine(), stdio: "ignore" });
  await runsRow("running elsewhere").waitFor();
  await runsRow("asks you").waitFor();
  await workbench.notification(question).waitFor();
  await scenario().screenshot("1-elsewhere");
});

test("when that process is killed, the window goes on with the Run", async () => {
  terminal?.kill("SIGKILL");
  await runsRow(/running · /).waitFor();
  await runsRow("asks you").waitFor();
  await scenario().screenshot("2-taken-over");
});

test("when the window's own daemon is killed, the next one goes on with it", async () => {
  const { workbench, home } = scenario();
  const [before, ...others] = daemonsOf(home);
  if (before === undefined) throw new Error("The window has no daemon.");
  expect(others).toEqual([]);
  const [{ sequence }] = listed("runs");
  process.kill(before, "SIGKILL");
  await expect.poll(() => daemonsOf(home).filter((pid) => pid !== before)).toHaveLength(1);
  await scenario().screenshot("3-killed");
  const askedAgain = () => listed("runs").some((run) => run.sequence > sequence && run.tasks[0].state === "asking");
  await expect.poll(askedAgain, { timeout: 30_000 }).toBe(true);
  await runsRow(/running · /).waitFor();
  await runsRow("asks you").waitFor();
  await scenario().screenshot("4-next-daemon");
  await workbench.clickNotificationButton(question, "Answer");
  await workbench.choose("Yes");
  await workbench.notification("Ready for review: 1 of 1 Tasks").waitFor();
  await runsRow("ready for review").waitFor();
  await scenario().screenshot("5-ready");
});
