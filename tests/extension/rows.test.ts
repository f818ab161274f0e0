/** Rows of a tree: VS Code draws anew what changed, and goes on with the same objects. */
import { expect, test } from "vitest";
import type { Node } from "../../extension/src/views/node";
import { Rows } from "../../extension/src/views/rows";

class Row implements Node {
  constructor(
    private readonly id: string,
    private readonly label: string,
    private readonly below: readonly Row[] = [],
    private readonly words = "",
  ) {}

  item() {
    return { id: this.id, label: this.label };
  }

  children() {
    return this.below;
  }

  tooltip() {
    return this.words;
  }
}

/** What VS Code does: asks for the rows below one, and how each looks. */
function draw(rows: Rows, fresh: readonly Node[], parent?: Node): readonly Node[] {
  const given = rows.below(parent, fresh);
  for (const node of given) {
    rows.look(node);
    draw(rows, node.children(), node);
  }
  return given;
}

const tree = (prices: Readonly<Record<string, string>> = {}): readonly Row[] =>
  [["a", "1", "2"] as const, ["b", "3"] as const].map(
    ([file, ...todos]) =>
      new Row(
        file,
        file,
        todos.map((id) => new Row(id, `todo ${prices[id] ?? ""}`)),
      ),
  );
const ids = (nodes: readonly Node[] | "all") => (nodes === "all" ? nodes : nodes.map((node) => node.item().id));

test("only the rows that look otherwise are drawn anew, as the objects that VS Code has", () => {
  const rows = new Rows();
  const [a] = draw(rows, tree());
  const second = a?.children()[1];
  expect(rows.changed(tree())).toEqual([]);
  const changed = rows.changed(tree({ 2: "$0.01", 3: "$0.02" }));
  expect(ids(changed)).toEqual(["2", "3"]);
  expect(changed).toContain(second);
  expect(second?.item()).toEqual({ id: "2", label: "todo $0.01" });
});

test("a row with others below it is drawn anew with them, and another root draws everything", () => {
  const rows = new Rows();
  const before = draw(rows, tree());
  const more = [new Row("a", "a", [new Row("1", "todo "), new Row("4", "new")]), ...tree().slice(1)];
  expect(ids(rows.changed(more))).toEqual(["a"]);
  expect(rows.changed(tree().slice(1))).toBe("all");
  expect(draw(rows, more)[0]).toBe(before[0]);
  expect(rows.changed(more)).toEqual([]);
});

test("a row that goes to another place is known there, whichever place VS Code asks for first", () => {
  for (const order of [0, 1]) {
    const rows = new Rows();
    const [a, b] = draw(rows, tree());
    const moved = [
      new Row("a", "a", [new Row("1", "todo ")]),
      new Row("b", "b", [new Row("2", "todo "), new Row("3", "todo ")]),
    ];
    expect(ids(rows.changed(moved))).toEqual(["a", "b"]);
    for (const parent of order ? [b, a] : [a, b]) if (parent) draw(rows, parent.children(), parent);
    expect(
      ids(rows.changed([moved[0] as Row, new Row("b", "b", [new Row("2", "$1"), new Row("3", "todo ")])])),
    ).toEqual(["2"]);
  }
});

test("a command about the row itself does not make it another one", () => {
  const rows = new Rows();
  class Opened extends Row {
    override item() {
      return { ...super.item(), command: { command: "open", title: "", arguments: [this] } };
    }
  }
  const [row] = draw(rows, [new Opened("1", "task", [], "turn 1")]);
  expect(rows.changed([new Opened("1", "task", [], "turn 2")])).toEqual([]);
  expect(row?.tooltip?.()).toBe("turn 2");
});

test("a tick that VS Code drew is left alone, unless the row was just being drawn", () => {
  const rows = new Rows();
  const ticked = (mark: string) => [new Row("1", `todo${mark}`)];
  const [row] = draw(rows, ticked(""));
  // What VS Code was given a moment ago may have put the old tick back.
  expect(rows.changed(ticked(" ✓"))).toEqual([row]);
  rows.ticked(row as Node);
  expect(rows.changed(ticked(" ✓"))).toEqual([row]);
});

test("what is told of a row is asked for anew once it is other", () => {
  const rows = new Rows();
  const told = (words: string) => [new Row("1", "todo", [], words)];
  const [row] = draw(rows, told("by nobody"));
  expect(rows.changed(told("by Ada"))).toEqual([]);
  expect(rows.tell(row as Node)).toBe("by Ada");
  expect(rows.told()).toEqual([row]);
  expect(rows.changed(told("by Mira"))).toEqual([row]);
  expect(rows.told()).toEqual([]);
});
