/** A transcript put together from its parts: where headings are, what folds, and that nothing moves that need not. */
import { expect, test } from "vitest";
import type { TranscriptMark, TranscriptResult } from "../../extension/src/generated/protocol";
import { TranscriptText } from "../../extension/src/transcript/text";

function mark(line: number, level: number, title: string, more: Partial<TranscriptMark> = {}): TranscriptMark {
  const kind = ["task", "turn", "call"][level - 1] as TranscriptMark["kind"];
  return { line, level, kind, title, price: "", explanation: "", turn: null, folded: false, paths: [], ...more };
}

function part(first: number, next: number, text: string, marks: TranscriptMark[], more = {}): TranscriptResult {
  return { text, marks, attempt: 1, first, next, more: false, leftOutText: "", ...more };
}

const start = part(0, 3, "# Task: a\n    b\n\n## Turn 1\n  Called bash\n    ls\n", [
  mark(0, 1, "Task: a"),
  mark(3, 2, "Turn 1", { turn: 1 }),
  mark(4, 3, "Called bash"),
]);
const answer = part(3, 4, "  bash answered\n    x\n", [mark(0, 3, "bash answered", { folded: true })]);
const second = part(4, 5, "## Turn 2\n    done\n", [mark(0, 2, "Turn 2", { turn: 2 })]);

function shape(text: TranscriptText): [string, number, number][] {
  return [...text.allBlocks()].map(({ mark: { title }, start: from, end }) => [title, from, end]);
}

test("what comes later is added at the end, an answer to its turn and a turn behind an empty line", () => {
  const text = new TranscriptText();
  expect(text.append(start)).toBe(true);
  expect(text.append(answer)).toBe(true);
  expect(text.append(second)).toBe(true);
  const lines = text.text.split("\n");
  expect(text.text).toBe(`${start.text}${answer.text}\n${second.text}`);
  expect(shape(text)).toEqual([
    ["Task: a", 0, 10],
    ["Turn 1", 3, 7],
    ["Called bash", 4, 5],
    ["bash answered", 6, 7],
    ["Turn 2", 9, 10],
  ]);
  for (const [title, line] of shape(text)) expect(lines[line]).toContain(title);
  expect([text.next, text.lastLine, text.lineOfTurn(2), text.lineOfTurn(3)]).toEqual([5, 11, 9, undefined]);
  expect([2, 3, 8, 9, 99].map((line) => text.turnAt(line))).toEqual([undefined, 1, 1, 2, 2]);
});

test("nothing new changes nothing", () => {
  const text = new TranscriptText();
  text.append(start);
  const before = text.text;
  expect(text.append(part(3, 3, "", []))).toBe(false);
  expect(text.text).toBe(before);
});

test("long answers are named for folding once, at their lines", () => {
  const text = new TranscriptText();
  text.append(start);
  text.append(answer);
  expect(text.takeFolded()).toEqual([6]);
  text.append(second);
  expect(text.takeFolded()).toEqual([]);
});

test("what stands before is put before, and every heading is still at its line", () => {
  const text = new TranscriptText();
  text.append({ ...second, leftOutText: "1 earlier turn is not shown yet." });
  expect(text.text).toBe("1 earlier turn is not shown yet.\n\n## Turn 2\n    done\n");
  expect([text.lineOfTurn(2), text.first]).toEqual([2, 4]);
  text.prepend({ ...answer, leftOutText: "1 earlier turn is not shown yet." });
  expect(text.takeFolded()).toEqual([2]);
  text.prepend(start);
  expect(text.text).toBe(`${start.text}${answer.text}\n${second.text}`);
  expect([text.lineOfTurn(1), text.lineOfTurn(2), text.first, text.next]).toEqual([3, 9, 0, 5]);
  expect(shape(text).map(([title]) => title)).toEqual(["Task: a", "Turn 1", "Called bash", "bash answered", "Turn 2"]);
});

test("an answer that waits to be folded is folded where it has moved to", () => {
  const text = new TranscriptText();
  text.append({ ...answer, leftOutText: "1 earlier turn is not shown yet." });
  text.prepend(start);
  expect(text.takeFolded()).toEqual([6]);
});

test("a document is told what it needs at its end, and all of it where something came before", () => {
  const text = new TranscriptText();
  text.append(start);
  expect(text.takeAdded()).toBeUndefined();
  text.append(answer);
  text.append(second);
  expect(text.takeAdded()).toBe(`${answer.text}\n${second.text}`);
  expect(text.takeAdded()).toBe("");
  text.prepend(part(0, 0, "earlier\n", []));
  expect(text.takeAdded()).toBeUndefined();
});

test("the oldest pieces give way to a sentence, and headings stay where their lines are", () => {
  const text = new TranscriptText();
  for (const piece of [start, answer, second]) text.append(piece);
  const before = text.text.split("\n");
  const trimmed = text.trim(second.text.length + 1, "Earlier turns are not shown.");
  const lines = text.text.split("\n");
  expect(trimmed).toEqual({ before: 8, after: 2 });
  expect(lines).toEqual(["Earlier turns are not shown.", "", ...before.slice(8)]);
  expect(shape(text)).toEqual([["Turn 2", 3, 4]]);
  expect([text.first, text.lineOfTurn(2), text.lineOfTurn(1), text.takeFolded()]).toEqual([4, 3, undefined, []]);
  expect(text.trim(1, "")).toBeUndefined();
});
