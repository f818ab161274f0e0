/** The sample project in a fresh repository, and an editor that uses this clone's daemon with the offline model. */
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { venvProgram } from "../../../extension/scripts/python.mjs";
import { root } from "../../../extension/scripts/steps.mjs";
import { makeRepository } from "./repository";

const sample = join(root, "daemon", "contextune", "offline", "sample", "parcel");

/** Has the extension start the daemon of this clone; `machine-overridable` settings are read from the machine's file. */
export function useCloneDaemon(home: string): void {
  useDaemon(home, venvProgram("contextune"));
}

/** Has the extension start a daemon by this program. */
export function useDaemon(home: string, program: string): void {
  const folder = join(home, "user-data", "Machine");
  mkdirSync(folder, { recursive: true });
  const settings = { "contextune.daemonPath": program };
  writeFileSync(join(folder, "settings.json"), JSON.stringify(settings));
}

/** Makes a repository of the sample project below `home`, to be opened with this clone's daemon; returns its path. */
export function prepareSample(home: string): string {
  useCloneDaemon(home);
  const folder = join(home, "parcel");
  const isSource = (path: string) => !path.includes("__pycache__");
  cpSync(sample, folder, { recursive: true, filter: isSource });
  return makeRepository(folder, { ".gitignore": "__pycache__/\n" });
}
