/** The processes behind a window: which one is its daemon. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

function read(pid: string, name: string): string[] {
  try {
    return readFileSync(join("/proc", pid, name), "utf8").split("\0");
  } catch {
    return []; // it ended meanwhile, or is another user's
  }
}

/** The process that started another one; a child bears its parent's name until it runs a program of its own. */
function parentOf(pid: string): string | undefined {
  return read(pid, "status")[0]?.match(/^PPid:\s*(\d+)$/m)?.[1];
}

/** The process ids of the daemons that keep their state below the scenario's folder `home`; Linux alone. */
export function daemonsOf(home: string): number[] {
  const state = `CONTEXTUNE_HOME=${join(home, "contextune")}`;
  const found = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => read(pid, "cmdline").includes("serve") && read(pid, "environ").includes(state));
  return found.filter((pid) => !found.includes(parentOf(pid) ?? "")).map(Number);
}
