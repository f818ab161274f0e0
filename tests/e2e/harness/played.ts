/**
 * What a story ran in VS Code: the commands that the extension's own log names, and the pictures that were taken.
 *
 * `tests/e2e/played/<story>.json` holds what each story ran when it was last recorded. A story that no longer runs what is
 * recorded of it fails; `tests/extension/stories.test.ts` reads the records alone, and finds commands that no story runs.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "../../../extension/scripts/steps.mjs";

/** Of one story; both sorted. */
export interface Played {
  readonly commands: readonly string[];
  readonly pictures: readonly string[];
}

/** Whether records are written anew instead of compared: `CONTEXTUNE_RECORD_STORIES=1`. */
export const recording = process.env.CONTEXTUNE_RECORD_STORIES === "1";

function recordOf(story: string): string {
  return join(root, "tests", "e2e", "played", `${story}.json`);
}

/** The commands that logs of the extension name, each once and sorted; those of other windows count, too. */
export function commandsIn(logs: readonly string[]): string[] {
  const ran = logs.flatMap((text) => [...text.matchAll(/ \[info\] Command (contextune\.\w+)$/gm)].map(([, id]) => id));
  return [...new Set(ran.flatMap((id) => id ?? []))].sort();
}

/** What is recorded of a story; undefined of one that was never recorded. */
export function recorded(story: string): Played | undefined {
  const file = recordOf(story);
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
}

/** Writes a story's record. */
export function record(story: string, played: Played): void {
  const file = recordOf(story);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(played, null, 2)}\n`);
}

/** What a story is recorded to run, and did not; empty if all is well. */
export function missing(story: string, played: Played): string[] {
  const { commands, pictures } = recorded(story) ?? { commands: [], pictures: [] };
  return [
    ...commands.filter((id) => !played.commands.includes(id)),
    ...pictures.filter((name) => !played.pictures.includes(name)).map((name) => `picture ${name}`),
  ];
}
