/** What a review shows: what would be accepted, by Task, in the order of the waves. */
import { expect, test } from "vitest";
import {
  clip,
  hunkAt,
  isEditable,
  labelPath,
  parseSide,
  reviewEntries,
  sideQuery,
  tasksInOrder,
  textToKeep,
} from "../../extension/src/reviewPlan";
import { change, run, task } from "./samples";

const reviewed = run({
  waves: [["round", "zones"], ["insure"]],
  tasks: [
    task({ id: "insure", state: "accepted", changes: [change("tests/b.py"), change("a.py")] }),
    task({ id: "zones", state: "failed", changes: [change("zones.py")] }),
    task({ id: "round", state: "accepted", changes: [change("a.py")] }),
  ],
});
const shown = (taskId?: string) => reviewEntries(reviewed, taskId).map(({ task, change }) => [task.id, change.path]);

test("a Run's review goes by wave and Task, files by name, and leaves failed Tasks out", () => {
  expect(shown()).toEqual([
    ["round", "a.py"],
    ["insure", "a.py"],
    ["insure", "tests/b.py"],
  ]);
});

test("a Task that is named is shown whatever its state", () => {
  expect(shown("zones")).toEqual([["zones", "zones.py"]]);
  expect(shown("none")).toEqual([]);
});

test("a side of a diff survives being the address of a document", () => {
  const side = { runId: "r_1", taskId: "a&b", path: "src/a b.py", side: "before" } as const;
  expect(parseSide(sideQuery(side))).toEqual(side);
});

test.each([
  "",
  "runId=r&taskId=t&path=a&side=middle",
  "taskId=t&path=a&side=after",
])("the query %j names no side", (query) => {
  expect(() => parseSide(query)).toThrow("names no side of a review");
});

test("a file is called by its Task and its path", () => {
  expect(labelPath(task({ title: "Read a/b" }), "src/a.py")).toBe("/Read a b/src/a.py");
});

test.each([
  ["round half up", 20, "round half up"],
  ["round half up, as our invoices do", 20, "round half up, as…"],
  ["abcdefghijklmnop", 8, "abcdefg…"],
])("%j in %i characters is %j", (text, length, clipped) => {
  expect(clip(text, length)).toBe(clipped);
});

test("files that ask for a look come first within their Task", () => {
  const risky = run({
    waves: [["one"]],
    tasks: [
      task({
        id: "one",
        state: "accepted",
        changes: [change("a.py"), change("z.yml", { flag: "runs in CI" }), change("b.py")],
      }),
    ],
  });
  expect(reviewEntries(risky).map((entry) => entry.change.path)).toEqual(["z.yml", "a.py", "b.py"]);
});

const amendment = { id: "one:b.py", label: "File rejected", firstLine: "", isEdit: false, detail: "" };
const told = run({
  state: "review",
  waves: [["one", "two"]],
  tasks: [
    task({ id: "one", state: "accepted", changes: [change("a.py"), change("b.py")] }),
    task({ id: "two", state: "accepted", changes: [change("c.py"), change("d.py")] }),
    task({ id: "three", state: "failed" }),
  ],
  review: [
    {
      taskId: "two",
      reasons: ["no test runs its change"],
      files: [
        { path: "d.py", reasons: ["runs in CI"], isRejected: false, amendments: [] },
        { path: "c.py", reasons: [], isRejected: false, amendments: [] },
      ],
    },
    {
      taskId: "one",
      reasons: [],
      files: [
        { path: "a.py", reasons: [], isRejected: false, amendments: [] },
        { path: "b.py", reasons: [], isRejected: true, amendments: [amendment] },
      ],
    },
  ],
});

test("Tasks and files stand in the daemon's order, and a rejected file is not shown", () => {
  const shown = reviewEntries(told).map(({ task, change }) => `${task.id}:${change.path}`);
  expect(shown).toEqual(["two:d.py", "two:c.py", "one:a.py"]);
  expect(tasksInOrder(told).map(({ id }) => id)).toEqual(["two", "one", "three"]);
});

test("only the right side of a result that waits for review can be edited", () => {
  const side = { runId: told.id, taskId: "one", path: "a.py", side: "after" } as const;
  expect(isEditable(told, side)).toBe(true);
  expect(isEditable(told, { ...side, side: "before" })).toBe(false);
  expect(isEditable(told, { ...side, taskId: "three" })).toBe(false);
  expect(isEditable(run({ ...told, state: "accepted" }), side)).toBe(false);
  expect(isEditable(undefined, side)).toBe(false);
});

test.each([
  [3, undefined],
  [4, "two lines"],
  [5, "two lines"],
  [6, undefined],
  [9, "removed"],
  [10, "removed"],
])("the change at line %i is %s", (line, id) => {
  const hunks = [
    { id: "two lines", line: 4, lines: 2, excerpt: "" },
    { id: "removed", line: 10, lines: 0, excerpt: "" },
  ];
  expect(hunkAt(hunks, line)?.id).toBe(id);
});

test("what is saved in review keeps its bytes; what is not UTF-8 is refused", () => {
  for (const text of ["\ufeffa = 1\r\nb = 2", "a\r\n\n", "a", ""]) {
    const content = new TextEncoder().encode(text);
    expect(new TextEncoder().encode(textToKeep(content))).toEqual(content);
  }
  expect(textToKeep(Uint8Array.of(0x63, 0x61, 0x66, 0xe9))).toBeUndefined();
});
