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

/** The process ids of the daemons that keep their state below the scenario's folder `home`; Linux alone. */
export function daemonsOf(home: string): number[] {
  const state = `CONTEXTUNE_HOME=${join(home, "contextune")}`;
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => read(pid, "cmdline").includes("serve") && read(pid, "environ").includes(state))
    .map(Number);
}
