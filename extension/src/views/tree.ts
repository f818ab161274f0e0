/** What every tree view is made of: nodes that know how they look and what is below them. */
import * as vscode from "vscode";

/** One row of a tree view. */
export interface Node {
  /** How the row looks. Its `id` is stable, so that open rows stay open when the tree is drawn anew. */
  item(): vscode.TreeItem;
  /** The rows below it; empty if it has none. */
  children(): readonly Node[];
}

/** At most this many times a second is a tree drawn, however fast its data changes. */
const DRAWS_A_SECOND = 8;

/** Serves a tree from its roots, and coalesces redraws. */
export class Tree implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<undefined>();
  readonly #roots: () => readonly Node[];
  #pending: NodeJS.Timeout | undefined;
  readonly onDidChangeTreeData = this.#changed.event;

  constructor(roots: () => readonly Node[]) {
    this.#roots = roots;
  }

  /** Draws the tree anew, soon. */
  refresh(): void {
    this.#pending ??= setTimeout(() => {
      this.#pending = undefined;
      this.#changed.fire(undefined);
    }, 1000 / DRAWS_A_SECOND);
  }

  getTreeItem(node: Node): vscode.TreeItem {
    return node.item();
  }

  getChildren(node?: Node): Node[] {
    return [...(node?.children() ?? this.#roots())];
  }

  dispose(): void {
    clearTimeout(this.#pending);
    this.#changed.dispose();
  }
}
