/** What a window drew over a time, and what that took of the processor. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";

/** What was drawn, and what it took, from `watchWindow` to `stop`. */
export interface Drawn {
  /** Seconds that were watched. */
  readonly seconds: number;
  /** The meter's texts, one for each change, with the milliseconds since 1970 at which they were drawn. */
  readonly amounts: readonly { readonly at: number; readonly text: string }[];
  /** The moments at which rows of the Runs view changed, in milliseconds since 1970; one for each frame that did. */
  readonly rows: readonly number[];
  /** Milliseconds between two frames of the window, one for each frame. */
  readonly frames: readonly number[];
  /** Processor time of the extension host, in seconds. */
  readonly hostSeconds: number;
  /** That of another window's, over the same time; 0 without one. */
  readonly controlSeconds: number;
}

interface Kept {
  amounts: { at: number; text: string }[];
  rows: number[];
  frames: number[];
}

const ticksASecond = 100; // of /proc/<pid>/stat, USER_HZ: 100 on every Linux that VS Code runs on

/** The extension host of the scenario at `home`: Linux alone. */
export function extensionHost(home: string): string {
  const found = readdirSync("/proc").filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, "utf8");
      const environment = readFileSync(`/proc/${name}/environ`, "utf8");
      return command.includes("--type=extensionHost") && environment.includes(join(home, "contextune"));
    } catch {
      return false; // it ended meanwhile, or is another user's
    }
  });
  if (found[0] === undefined || found.length > 1) throw new Error(`Extension hosts of ${home}: ${found.length}.`);
  return found[0];
}

/** Processor time of a process so far, in seconds. */
function processorSeconds(pid: string): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticksASecond;
}

/** Memory of a process that is its own or shared, in megabytes. */
function megabytes(pid: string): number {
  const resident = readFileSync(`/proc/${pid}/status`, "utf8").match(/^VmRSS:\s+(\d+) kB/m)?.[1];
  return Number(resident ?? 0) / 1024;
}

/** What a window took over a time. */
export interface Taken {
  readonly seconds: number;
  readonly hostSeconds: number;
  /** Memory of the extension host at the end. */
  readonly hostMegabytes: number;
  readonly frames: readonly number[];
}

/** Begins to watch the extension host, and how often the window draws. */
export async function watchProcesses(page: Page, home: string): Promise<{ stop(): Promise<Taken> }> {
  const host = extensionHost(home);
  await page.evaluate(watchingFrames);
  const before = processorSeconds(host);
  const began = Date.now();
  return {
    stop: async () => ({
      seconds: (Date.now() - began) / 1000,
      hostSeconds: processorSeconds(host) - before,
      hostMegabytes: megabytes(host),
      frames: await page.evaluate<number[]>("globalThis.contextuneFrames()"),
    }),
  };
}

const watchingFrames = `(() => {
  const frames = [];
  let last = performance.now();
  let goesOn = true;
  const frame = (now) => {
    frames.push(now - last);
    last = now;
    if (goesOn) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  globalThis.contextuneFrames = () => {
    goesOn = false;
    return frames;
  };
})()`;

/** What is run in the page, in words of its own: the tests know no browser. */
const watching = `(() => {
  const kept = { amounts: [], rows: [], frames: [] };
  const meter = document.querySelector('.statusbar-item[id$="contextune.meter"]');
  const rows = document.querySelector('.sidebar .pane-header[aria-label^="Runs"]').closest(".pane");
  const note = () => {
    const text = meter.textContent.replaceAll("\\u00a0", " ");
    if (kept.amounts.at(-1)?.text !== text) kept.amounts.push({ at: Date.now(), text });
  };
  note();
  const all = { childList: true, characterData: true, subtree: true };
  const observers = [new MutationObserver(note), new MutationObserver(() => kept.rows.push(Date.now()))];
  observers[0].observe(meter, all);
  observers[1].observe(rows, all);
  let last = performance.now();
  let goesOn = true;
  const frame = (now) => {
    kept.frames.push(now - last);
    last = now;
    if (goesOn) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  globalThis.contextuneWatch = () => {
    goesOn = false;
    for (const observer of observers) observer.disconnect();
    note();
    return kept;
  };
})()`;

/** Begins to watch the meter, the Runs view and the extension host; and that of another window, named by its home. */
export async function watchWindow(page: Page, home: string, other?: string): Promise<{ stop(): Promise<Drawn> }> {
  const host = extensionHost(home);
  const control = other === undefined ? undefined : extensionHost(other);
  const taken = (pid: string | undefined) => (pid === undefined ? 0 : processorSeconds(pid));
  await page.evaluate(watching);
  const before = [taken(host), taken(control)] as const;
  const began = Date.now();
  return {
    stop: async () => {
      const hostSeconds = taken(host) - before[0];
      const controlSeconds = taken(control) - before[1];
      const seconds = (Date.now() - began) / 1000;
      const kept = await page.evaluate<Kept>("globalThis.contextuneWatch()");
      return { seconds, hostSeconds, controlSeconds, ...kept };
    },
  };
}
