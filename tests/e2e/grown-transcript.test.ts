/** Ten megabytes of answers, shown by their beginnings, come into an open Transcript: the window stays live. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, expect, test } from "vitest";
import { venvProgram } from "../../extension/scripts/python.mjs";
import { root } from "../../extension/scripts/steps.mjs";
import { prepareSample } from "./harness/sample";
import { useScenario } from "./harness/scenario";
import { type Taken, watchProcesses } from "./harness/watch";

const scenario = useScenario({ prepare: prepareSample, size: { width: 1440, height: 1000 } });

const TURNS = 52;
const RESULTS = 10; // of 20,000 characters each: 10.4 MB in all
const PAUSE = 0.3;

const lines = scriptLines();
let writer: ChildProcess | undefined;
afterAll(() => void writer?.kill());

/** What the other process says, line by line. */
function scriptLines() {
  const waiting: ((line: string) => void)[] = [];
  const said: string[] = [];
  return {
    read(child: ChildProcess) {
      if (child.stdout === null) throw new Error("The script has no output.");
      createInterface({ input: child.stdout }).on("line", (line) => {
        const next = waiting.shift();
        if (next === undefined) said.push(line);
        else next(line);
      });
    },
    next: (): Promise<string> => {
      const line = said.shift();
      return line === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(line);
    },
  };
}

const line = (text: RegExp) =>
  scenario().workbench.page.locator(".editor-group-container.active .view-line", { hasText: text }).first();

function report(taken: Taken): string {
  const share = (seconds: number) => `${((seconds / taken.seconds) * 100).toFixed(0)} %`;
  const late = taken.frames.filter((gap) => gap > 100).length;
  return [
    `${((TURNS * RESULTS * 20_000) / 1e6).toFixed(1)} MB of answers, each shown by its first 4,000 characters, in ${taken.seconds.toFixed(1)} s`,
    `extension host: ${share(taken.hostSeconds)} of a core, ${taken.hostMegabytes.toFixed(0)} MB`,
    `frames: ${taken.frames.length}, over 100 ms: ${late}, longest ${Math.max(...taken.frames).toFixed(0)} ms`,
  ].join("\n");
}

test("the transcript of an agent that another process drives opens at its end", async () => {
  const { workbench, home, folder } = scenario();
  await workbench.openContainer("Contextune");
  await workbench.treeItem("Todos", "round half up").waitFor();
  writer = spawn(
    venvProgram("python"),
    [
      join(root, "tests", "e2e", "scripts", "long_transcript.py"),
      ...[join(home, "contextune"), folder, String(TURNS), String(RESULTS), String(PAUSE)],
    ],
    { cwd: root, env: { ...process.env, PYTHONPATH: root }, stdio: ["pipe", "pipe", "inherit"] },
  );
  lines.read(writer);
  expect(await lines.next()).toBe("begun");
  await workbench.treeItem("Runs", "working").waitFor();
  await workbench.runCommand("Contextune: Open Transcript");
  await line(/^##\sTurn\s1/).waitFor();
});

test("ten megabytes come in while it is open: the end is in sight, and the window keeps drawing", async () => {
  const { workbench, home } = scenario();
  const watch = await watchProcesses(workbench.page, home);
  writer?.stdin?.write("go\n");
  expect(await lines.next()).toBe("written");
  await line(new RegExp(`^##\\sTurn\\s${TURNS + 1}|${String(TURNS + 1).padStart(4, "0")}\\.09`)).waitFor();
  const taken = await watch.stop();
  console.log(report(taken));
  expect(taken.frames.length).toBeGreaterThan(taken.seconds);
  await scenario().screenshot("1-grown");
}, 150_000);

test("what was left out of so long a document is said at its beginning, and comes when it is asked for", async () => {
  const { workbench } = scenario();
  await workbench.page.keyboard.press("ControlOrMeta+Home");
  await line(/^Earlier\sturns\sare\snot\sshown/).waitFor();
  await workbench.page.locator(".codelens-decoration", { hasText: "Show Earlier Turns" }).first().waitFor();
  await scenario().screenshot("2-earlier");
  await workbench.page.locator(".codelens-decoration a", { hasText: "Show Earlier Turns" }).first().click();
  await line(/earlier\sturns\sare\snot\sshown/).waitFor();
});

test("the outline still has the turns, and the attempt's end is added", async () => {
  const { workbench } = scenario();
  await workbench.page.keyboard.press("ControlOrMeta+End");
  writer?.stdin?.end("end\n");
  if (writer !== undefined && writer.exitCode === null) await once(writer, "exit");
  await line(/^##\sEnded:/).waitFor();
  await workbench.runCommand("Go to Symbol in Editor...");
  await workbench.page.keyboard.type(`Turn ${TURNS + 1}`);
  await workbench.page
    .locator(".quick-input-list .monaco-list-row", { hasText: `Turn ${TURNS + 1} ·` })
    .first()
    .waitFor();
});
