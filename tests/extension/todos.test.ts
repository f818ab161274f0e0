/** The Todos view's words. */
import { expect, test } from "vitest";
import { countText, todoDescription, todoLabel, todoTooltip } from "../../extension/src/views/todos/words";
import { todo } from "./samples";

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
    "**TODO** use \\*args\\*  \nand \\[x\\]\n\n`parcel/money.py:6`",
  );
});

test("the view counts Todos and files", () => {
  expect([countText(0, 0), countText(3, 1), countText(8, 6)]).toEqual(["", "3 in 1 file", "8 in 6 files"]);
});
