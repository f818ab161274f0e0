/** Every command is run by a story in a real VS Code, as the records of the stories tell. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { commandsIn, type Played } from "../e2e/harness/played";

const manifest = JSON.parse(readFileSync("package.json", "utf8"));
const ids: string[] = manifest.contributes.commands.map(({ command }: { command: string }) => command);
const stories = readdirSync("tests/e2e/played").map((name) => {
  const played: Played = JSON.parse(readFileSync(`tests/e2e/played/${name}`, "utf8"));
  return { story: name.replace(/\.json$/, ""), ...played };
});

test("each command is run by at least one story, which leaves a picture", () => {
  const ran = new Set(stories.flatMap(({ commands, pictures }) => (pictures.length > 0 ? commands : [])));
  expect(ids.filter((id) => !ran.has(id))).toEqual([]);
});

test("a record is of a story that is there, and of commands that are there", () => {
  const stale = stories.flatMap(({ story, commands }) => [
    ...(existsSync(`tests/e2e/${story}.test.ts`) ? [] : [story]),
    ...commands.filter((id) => !ids.includes(id)).map((id) => `${story}: ${id}`),
  ]);
  expect(stale).toEqual([]);
});

test("only the log's own lines of commands count", () => {
  const log = [
    "2026-11-28 02:14:00.123 [info] Command contextune.doctor",
    "2026-11-28 02:14:01.123 [info] Contextune 0.1.0 started",
    "2026-11-28 02:14:02.123 [warning] Command contextune.ask",
    "2026-11-28 02:14:03.123 [info] Command contextune.showLog is not there",
    "2026-11-28 02:14:04.123 [info] Command contextune.doctor",
  ];
  expect(commandsIn([log.join("\n"), "2026-11-28 02:14:00.123 [info] Command contextune.ask\n"])).toEqual([
    "contextune.ask",
    "contextune.doctor",
  ]);
});
