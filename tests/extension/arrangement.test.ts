/** The order of one's own in which Todos stand. */
import { expect, test } from "vitest";
import { Arrangement, edited, stepOf } from "../../extension/src/views/todos/arrangement";
import { TodoFileNode } from "../../extension/src/views/todos/fileNode";
import { dropped, stepped } from "../../extension/src/views/todos/moving";
import { type TodoLook, TodoNode } from "../../extension/src/views/todos/todoNode";
import { todo } from "./samples";

const FOLDER = "/shop";
const ALL = ["a1", "a2", "b1", "b2"];
const placed = ALL.map((id, line) => ({ folder: FOLDER, todo: todo({ id, path: `${id[0]}.py`, line: line + 1 }) }));
const look = { checked: new Set<string>() } as unknown as TodoLook;
const shown = (arrangement: Arrangement, all: readonly string[] = ALL) => arrangement.arranged(FOLDER, all, (id) => id);
const after = (ids: readonly string[], beside: string, isAfter = false): readonly string[] => {
  const arrangement = new Arrangement();
  arrangement.move(FOLDER, ALL, ids, { beside, after: isAfter });
  return shown(arrangement);
};

test("Todos stand as in their files until somebody moves them", () => {
  expect(shown(new Arrangement())).toEqual(ALL);
  expect(after(["b2"], "a1")).toEqual(["b2", "a1", "a2", "b1"]);
  expect(after(["a1", "b1"], "b2", true)).toEqual(["a2", "b2", "a1", "b1"]);
  expect(after(["a1"], "a1")).toEqual(ALL);
});

test("a new Todo comes last, and one that is gone has its place again when it comes back", () => {
  const arrangement = new Arrangement({ [FOLDER]: ["b1", "a2", "a1"] });
  expect(shown(arrangement, ["a1", "b1", "b2"])).toEqual(["b1", "a1", "b2"]);
  arrangement.move(FOLDER, ["a1", "b1", "b2"], ["b2"], { beside: "a1", after: false });
  expect(shown(arrangement, ALL)).toEqual(["b1", "a2", "b2", "a1"]);
  expect(new Arrangement(arrangement.kept).kept).toEqual(arrangement.kept);
});

test("a Todo whose words are edited stays where it stood", () => {
  const before = [todo({ id: "a1", line: 3 }), todo({ id: "a2", line: 9 })];
  const now = [todo({ id: "a9", line: 3 }), todo({ id: "a2", line: 12 })];
  expect([...edited(before, now)]).toEqual([["a1", "a9"]]);
  expect([...edited([], now)]).toEqual([]);
  const arrangement = new Arrangement({ [FOLDER]: ["a2", "a1"] });
  arrangement.rename(FOLDER, edited(before, now));
  expect(shown(arrangement, ["a9", "a2"])).toEqual(["a2", "a9"]);
});

test("a step goes past the next one that stays", () => {
  expect(stepOf(placed, ["a2"], "up")).toEqual({ beside: "a1", after: false });
  expect(stepOf(placed, ["a2", "b1"], "down")).toEqual({ beside: "b2", after: true });
  expect(stepOf(placed, ["a1", "a2"], "up")).toBeUndefined();
});

const flat = placed.map((one) => new TodoNode(one, look, "arranged:"));
const files = ["a", "b"].map(
  (name) =>
    new TodoFileNode(
      FOLDER,
      `${name}.py`,
      placed.filter(({ todo: { path } }) => path === `${name}.py`),
      look,
    ),
);
const move = (of: ReturnType<typeof dropped>) =>
  of && [of.todos.map(({ todo: { id } }) => id).join(" "), of.to.after ? "after" : "before", of.to.beside, of.shown];
const [a1, a2, b1, b2] = flat;
const [a, b] = files;

test("what is dropped takes the place of the row below it, from above or below", () => {
  if (!(a1 && a2 && b1 && b2)) throw new Error("four rows");
  expect(move(dropped([a1], b1, flat))).toEqual(["a1", "after", "b1", true]);
  expect(move(dropped([b2, b1], a1, flat))).toEqual(["b2 b1", "before", "a1", true]);
  expect(move(dropped([a1], undefined, flat))).toEqual(["a1", "after", "b2", true]);
  expect(move(dropped([a1], a1, flat))).toBeUndefined();
  expect(move(stepped([b1], "up", flat))).toEqual(["b1", "before", "a2", true]);
});

test("below its file a Todo moves among those of the file; on others it is asked for", () => {
  const [own, other] = [a?.children() ?? [], b?.children() ?? []];
  const [first, second] = own;
  if (!(a && b && first && second)) throw new Error("two files");
  expect(move(dropped([second], first, files))).toEqual(["a2", "before", "a1", true]);
  expect(move(dropped([second], a, files))).toEqual(["a2", "before", "a1", true]);
  expect(move(dropped([first], other[0], files))).toEqual(["a1", "before", "b1", false]);
  expect(move(stepped([first], "up", files))).toBeUndefined();
});

test("a file moves with all of its Todos", () => {
  if (!(a && b)) throw new Error("two files");
  expect(move(dropped([b], a, files))).toEqual(["b1 b2", "before", "a1", true]);
  expect(move(dropped([a], b.children()[0], files))).toEqual(["a1 a2", "after", "b2", true]);
  expect(move(stepped([a], "down", files))).toEqual(["a1 a2", "after", "b2", true]);
  expect(move(stepped([a], "up", files))).toBeUndefined();
});
