/** A tree: drawn anew where it changed, and only while somebody can see it. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Drawn } from "../../extension/src/drawn";
import type { Node } from "../../extension/src/views/node";
import { Tree } from "../../extension/src/views/tree";
import { EventEmitter } from "./vscode";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const row = (label: string): Node => ({ item: () => ({ id: "a", label }), children: () => [] });

/** A tree of one row as VS Code has it: what it is told to draw, and the view that comes and goes. */
function shown(visible: boolean) {
  let label = "first";
  const tree = new Tree(() => [row(label)]);
  const drawn: (readonly string[] | "all")[] = [];
  tree.onDidChangeTreeData((nodes) => {
    drawn.push(nodes === undefined ? "all" : nodes.map((node) => String(tree.getTreeItem(node).label)));
  });
  const changed = new EventEmitter<{ readonly visible: boolean }>();
  const view = { visible, onDidChangeVisibility: changed.event };
  tree.shownBy(view as never);
  for (const node of tree.getChildren()) tree.getTreeItem(node);
  return {
    drawn,
    becomes(words: string): void {
      label = words;
      tree.refresh();
      vi.runAllTimers();
    },
    show(now: boolean): void {
      view.visible = now;
      changed.fire({ visible: now });
      vi.runAllTimers();
    },
  };
}

test("a row that looks otherwise is drawn, one that does not is left alone", () => {
  const { drawn, becomes } = shown(true);
  becomes("second");
  becomes("second");
  expect(drawn).toEqual([["second"]]);
});

test("nothing is drawn out of sight, and only what is different once it is back", () => {
  const { drawn, becomes, show } = shown(true);
  show(false);
  becomes("second");
  becomes("third");
  expect(drawn).toEqual([]);
  show(true);
  expect(drawn).toEqual([["third"]]);
  show(false);
  show(true);
  expect(drawn).toEqual([["third"]]);
});

test("a view that nobody has opened yet is not drawn", () => {
  const { drawn, becomes } = shown(false);
  becomes("second");
  expect(drawn).toEqual([]);
});

test("what looks as it was drawn in a place is not drawn there again", () => {
  const [one, other] = [{}, {}];
  const drawn = new Drawn();
  expect(["", "a", "a", "b", "", ""].map((look) => drawn.isOther(one, look))).toEqual([
    false,
    true,
    false,
    true,
    true,
    false,
  ]);
  expect(drawn.isOther(other, "a")).toBe(true);
});
