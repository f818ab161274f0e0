/** The daemon is restarted by its command while agents work: the Run goes on by itself, and nothing of it is lost. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { venvProgram } from "../../extension/scripts/python.mjs";
import { daemonsOf } from "./harness/processes";
import { prepareSample } from "./harness/sample";
import { useScenario } from "./harness/scenario";

const scenario = useScenario({ prepare: prepareSample, settings: { "contextune.offline": true } });

/** What a command of the command line tells with `--json`, a line each. */
function listed(...command: string[]) {
  const { home, folder } = scenario();
  const env = { ...process.env, CONTEXTUNE_HOME: join(home, "contextune") };
  const told = execFileSync(venvProgram("contextune"), [...command, "--json"], { cwd: folder, env, encoding: "utf8" });
  return told.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)]));
}

test("a Run is at work", async () => {
  const { workbench } = scenario();
  await workbench.openContainer("Contextune");
  await workbench.widenSideBar(560);
  await workbench.treeItem("Todos", "round half up").waitFor();
  await workbench.runCommand("Contextune: Parallelize All TODOs");
  await workbench.startRun();
  await workbench.treeItem("Runs", "working").waitFor();
});

test("the daemon is restarted, and the Run goes on to its end", async () => {
  const { workbench, home } = scenario();
  const [before, ...others] = daemonsOf(home);
  expect(others).toEqual([]);
  await workbench.runCommand("Contextune: Restart Daemon");
  const isAnother = () => daemonsOf(home).length === 1 && daemonsOf(home)[0] !== before;
  await expect.poll(isAnother, { timeout: 30_000 }).toBe(true);
  await workbench.treeItem("Runs", /running · /).waitFor();
  await scenario().screenshot("1-goes-on");
  await workbench.notification("Ready for review").waitFor({ timeout: 80_000 });
  await scenario().screenshot("2-ready");
}, 150_000);

test("it is one Run, with every Task accepted, whose attempts were taken up in their midst", () => {
  const [run, ...others] = listed("runs");
  expect(others).toEqual([]);
  expect(run.state).toBe("review");
  const notAccepted = run.tasks.filter(({ state }: { state: string }) => state !== "accepted");
  expect(notAccepted.map(({ id, state, reason }: Record<string, unknown>) => ({ id, state, reason }))).toEqual([]);
  const kinds = listed("show", run.id, "--journal").map(({ kind }) => kind);
  expect(kinds).toContain("attempt_resumed");
});
