/** The Todos view's words. */
import { expect, test } from "vitest";
import type { PlacedTodo } from "../../extension/src/store";
import { filtered, grouped } from "../../extension/src/views/todos/grouping";
import { countText, todoDescription, todoLabel, todoTooltip } from "../../extension/src/views/todos/words";
import { fact, todo } from "./samples";

test("a Todo is called by the first line of its text", () => {
  expect(todoLabel(todo({ text: "insurance on request,\nat least 1.50" }))).toBe("insurance on request,");
  expect(todoLabel(todo({ text: "", marker: "FIXME" }))).toBe("FIXME");
});

test("beside it stand marker, owner, issue, symbol and line", () => {
  expect(todoDescription(todo())).toBe("line 6");
  expect(todoDescription(todo({ marker: "FIXME", owner: "mira", issue: 12, symbol: "parse_size" }))).toBe(
    "FIXME · @mira · #12 · parse_size · line 6",
  );
});

test("the tooltip shows all of the text, as it was written", () => {
  expect(todoTooltip(todo({ text: "use *args*\nand [x]" }))).toBe(
    "**TODO** use \\*args\\*  \nand \\[x\\]\n\nparcel/money\\.py:6",
  );
});

test("the view counts Todos and files", () => {
  expect([countText(0, 0), countText(3, 1), countText(8, 6)]).toEqual(["", "3 in 1 file", "8 in 6 files"]);
});

const placed = [
  { folder: "/shop", todo: todo({ id: "t_1", text: "round half up", tags: ["money"], owner: "mira", path: "a.py" }) },
  { folder: "/shop", todo: todo({ id: "t_2", text: "refuse negative sizes", marker: "FIXME", path: "b.py" }) },
  { folder: "/shop", todo: todo({ id: "t_3", text: "read taxes", tags: ["money", "tax"], path: "b.py" }) },
];
const facts = new Map([
  ["t_1", fact("t_1")],
  ["t_2", fact("t_2", { age: "uncommitted", ageText: "not committed", author: "" })],
]);
const factOf = ({ todo: { id } }: PlacedTodo) => facts.get(id);
const shape = (groups: ReturnType<typeof grouped>) =>
  groups.map(({ label, todos }) => [label, todos.map(({ todo: { id } }) => id)]);

test("a Todo with several tags stands below each, one without below none, last", () => {
  expect(shape(grouped(placed, "tag", factOf))).toEqual([
    ["FIXME", ["t_2"]],
    ["money", ["t_1", "t_3"]],
    ["tax", ["t_3"]],
  ]);
  const [first] = placed;
  const plain = [...(first ? [first] : []), { folder: "/shop", todo: todo({ id: "t_4", tags: [] }) }];
  expect(shape(grouped(plain, "tag", factOf)).at(-1)).toEqual(["No tag", ["t_4"]]);
});

test("who is named owns a Todo, else who wrote it", () => {
  expect(shape(grouped(placed, "owner", ({ todo: { id } }) => (id === "t_2" ? fact(id) : undefined)))).toEqual([
    ["Ada", ["t_2"]],
    ["mira", ["t_1"]],
    ["Nobody", ["t_3"]],
  ]);
});

test("by age the newest come first", () => {
  const longAgo = ({ todo: { id } }: PlacedTodo) => fact(id, { age: "older", ageText: "long ago" });
  expect(shape(grouped(placed, "age", (one) => factOf(one) ?? longAgo(one)))).toEqual([
    ["Not committed", ["t_2"]],
    ["In the last year", ["t_1"]],
    ["Long ago", ["t_3"]],
  ]);
});

test.each([
  ["", ["t_1", "t_2", "t_3"]],
  ["b.py", ["t_2", "t_3"]],
  ["#MONEY half", ["t_1"]],
  ["@mira", ["t_1"]],
  ["ada", ["t_1"]],
  ["nothing of it", []],
])("every word of the filter %j must stand in it", (filter, ids) => {
  expect(filtered(placed, filter, factOf).map(({ todo: { id } }) => id)).toEqual(ids);
});

test("what is known beyond the comment stands in the row and in the tooltip, inert", () => {
  const known = fact("t_1", { author: "[Ada](command:x)", doubtText: "It says too little." });
  expect(todoDescription(todo(), known)).toBe("about $0.0154 · line 6");
  const tooltip = todoTooltip(todo({ text: "fix" }), known);
  expect(tooltip).toContain(
    "Expected: $0\\.0014 to $0\\.1460, likely $0\\.0154, estimated without a model; planning comes on top",
  );
  expect(tooltip).toContain("\\[Ada\\]\\(command:x\\)");
  expect(tooltip).toContain("It says too little\\.");
});
