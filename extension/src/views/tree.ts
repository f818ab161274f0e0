/** What every tree view is made of: nodes that know how they look and what is below them. */
import * as vscode from "vscode";
import { Coalesced } from "../coalesce";

/** One row of a tree view. */
export interface Node {
  /** How the row looks. Its `id` is stable, so that open rows stay open when the tree is drawn anew. */
  item(): vscode.TreeItem;
  /** The rows below it; empty if it has none. */
  children(): readonly Node[];
  /** What is told of the row when the mouse rests on it, unless `item` has that already. */
  tooltip?(): string | vscode.MarkdownString;
}

/**
 * Milliseconds between two draws of a tree, however fast its data changes.
 *
 * VS Code waits for 200 ms without a change after the first of them: what changes more often is not drawn at all.
 */
const REST_MS = 250;

/** Serves a tree from its roots, and coalesces redraws. */
export class Tree implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<undefined>();
  readonly #roots: () => readonly Node[];
  readonly #draw: Coalesced;
  readonly onDidChangeTreeData = this.#changed.event;

  /** `rest` tells, anew each time, the milliseconds between two draws; VS Code sets the least. */
  constructor(roots: () => readonly Node[], rest = () => REST_MS) {
    this.#roots = roots;
    this.#draw = new Coalesced(
      () => Math.max(rest(), REST_MS),
      () => this.#changed.fire(undefined),
    );
  }

  /** Draws the tree anew, soon. */
  refresh(): void {
    this.#draw.ask();
  }

  getTreeItem(node: Node): vscode.TreeItem {
    return node.item();
  }

  getChildren(node?: Node): Node[] {
    return [...(node?.children() ?? this.#roots())];
  }

  /** Tooltips are long, and seldom read: they are sent when they are. */
  resolveTreeItem(item: vscode.TreeItem, node: Node): vscode.TreeItem {
    item.tooltip ??= node.tooltip?.();
    return item;
  }

  dispose(): void {
    this.#draw.dispose();
    this.#changed.dispose();
  }
}
