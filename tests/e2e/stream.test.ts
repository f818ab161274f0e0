/** A Run of ten agents with a hundred events a second: what is drawn is what the Ledger says, and not drawn too often. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, onTestFinished, test } from "vitest";
import { type Control, openControl } from "./harness/control";
import { ledgerSums } from "./harness/ledger";
import { MessagesServer } from "./harness/messagesServer";
import { useScenario } from "./harness/scenario";
import { AGENTS, prepareStream, writeStreamScript } from "./harness/stream";
import { type Drawn, watchWindow } from "./harness/watch";

const scripts = mkdtempSync(join(tmpdir(), "contextune-stream-"));
const server = await MessagesServer.start(writeStreamScript(scripts), join(scripts, "log.jsonl"));
afterAll(() => server.stop());
const scenario = useScenario({
  prepare: prepareStream,
  settings: { "contextune.agents": AGENTS },
  size: { width: 1440, height: 1000 },
  env: { ANTHROPIC_BASE_URL: server.url, ANTHROPIC_API_KEY: "sk-ant-api03-only-for-this-test" },
});

/** `CONTEXTUNE_BENCH=1` has this file print what docs/benchmarks.md tells of the editor; tests are not timed. */
const isBench = process.env.CONTEXTUNE_BENCH === "1";

/** Milliseconds that VS Code has for its own start before it is said to rest. */
const SETTLING_MS = 45_000;

let drawn: Drawn;
let sums: readonly number[];

/** The same window at rest. */
async function measureIdle(control: Control): Promise<Drawn> {
  const { workbench, home } = scenario();
  await workbench.page.waitForTimeout(SETTLING_MS);
  const watch = await watchWindow(workbench.page, home, control.home);
  await workbench.page.waitForTimeout(20_000);
  return watch.stop();
}

/** What the editor took and drew while agents worked, beside the same window at rest just before. */
function figures(idle: Drawn, busy: Drawn): string {
  const share = (took: number, { seconds }: Drawn) => `${((took / seconds) * 100).toFixed(1)} %`;
  const line = (when: string, of: Drawn) =>
    `extension host, of a core, ${when}: ${share(of.hostSeconds, of)}, without our extension ${share(of.controlSeconds, of)}, ours ${share(of.hostSeconds - of.controlSeconds, of)}`;
  const late = (frames: readonly number[]) => frames.filter((gap) => gap > 100).length;
  return [
    line("at rest", idle),
    line(`with ${AGENTS} agents`, busy),
    `${(new Set(busy.rows).size / busy.seconds).toFixed(1)} draws a second of the Runs view, ${busy.amounts.length} of the meter in all`,
    `frames over 100 ms: ${late(idle.frames)} of ${idle.frames.length} at rest, ${late(busy.frames)} of ${busy.frames.length} with agents`,
  ].join("\n");
}

test("ten agents work side by side", async () => {
  const { workbench, home } = scenario();
  const control = isBench ? await openControl(scenario()) : undefined;
  if (control !== undefined) onTestFinished(() => control.close());
  await workbench.openContainer("Contextune");
  await workbench.widenSideBar(560);
  await workbench.runCommand("Contextune: Parallelize All TODOs");
  expect(await workbench.quote(AGENTS)).toHaveLength(AGENTS);
  const idle = control && (await measureIdle(control));
  const watch = await watchWindow(workbench.page, home, control?.home);
  await workbench.startRun();
  await workbench.treeItem("Runs", "working").waitFor();
  await scenario().screenshot("1-working");
  await workbench.notification(`Ready for review: ${AGENTS} of ${AGENTS} Tasks`).waitFor({ timeout: 80_000 });
  drawn = await watch.stop();
  if (idle !== undefined) console.log(figures(idle, drawn));
  sums = ledgerSums(home);
  await scenario().screenshot("2-ready");
}, 240_000);

test("every amount that the meter showed was the Ledger's at that time, and they only rose", () => {
  const shown = drawn.amounts.map(({ text }) => text.match(/\$(\d+\.\d+)/)?.[1]).filter((text) => text !== undefined);
  expect(shown.length).toBeGreaterThan(20);
  let from = 0;
  const differences: string[] = [];
  for (const text of shown) {
    const decimals = text.split(".")[1]?.length ?? 0;
    const at = sums.findIndex((sum, index) => index >= from && sum.toFixed(decimals) === text);
    if (at < 0) differences.push(text);
    else from = at;
  }
  expect(differences).toEqual([]);
});

test("the last amount is the Ledger's to the last figure", () => {
  const last = drawn.amounts.at(-1)?.text.match(/\$(\d+)\.(\d+)/);
  const total = sums.at(-1) ?? 0;
  expect(last?.[0]).toBe(`$${total.toFixed(last?.[2]?.length ?? 0)}`);
});

test("the Runs view follows while events stream", () => {
  // VS Code draws a tree only when it has not changed for 200 ms: a faster one would stand still until the end.
  const frames = new Set(drawn.rows);
  expect(frames.size).toBeGreaterThan(drawn.seconds);
});
