/** What every tree view is drawn by. */
import * as vscode from "vscode";
import { Coalesced } from "../coalesce";
import type { Node } from "./node";
import { Rows } from "./rows";

/**
 * Milliseconds between two draws of a tree, however fast its data changes.
 *
 * VS Code waits for 200 ms without a change after the first of them: what changes more often is not drawn at all.
 */
const REST_MS = 250;

/**
 * Serves a tree from its roots, coalesces redraws, and has VS Code draw only rows that changed.
 *
 * VS Code forgets every row of what it draws anew until it has asked for it again, and puts another checkbox where one
 * was pressed: a click in its midst is lost. Rows that stay as they were are left alone.
 */
export class Tree implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<Node[] | undefined>();
  readonly #roots: () => readonly Node[];
  readonly #rows = new Rows();
  readonly #draw: Coalesced;
  #view: Pick<vscode.TreeView<Node>, "visible"> | undefined;
  readonly onDidChangeTreeData = this.#changed.event;

  /** `rest` tells, anew each time, the milliseconds between two draws; VS Code sets the least. */
  constructor(roots: () => readonly Node[], rest = () => REST_MS) {
    this.#roots = roots;
    this.#draw = new Coalesced(
      () => Math.max(rest(), REST_MS),
      () => this.#drawChanged(),
    );
  }

  /** Draws nothing more while the view that shows this tree is out of sight, and what changed meanwhile once it is back. */
  shownBy(view: Pick<vscode.TreeView<Node>, "visible" | "onDidChangeVisibility">): vscode.Disposable {
    this.#view = view;
    return view.onDidChangeVisibility(() => this.refresh());
  }

  /** Draws what changed, soon. */
  refresh(): void {
    if (this.#view?.visible !== false) this.#draw.ask();
  }

  /** A person has ticked these rows, or unticked them, and VS Code has drawn that. */
  ticked(nodes: readonly Node[]): void {
    for (const node of nodes) this.#rows.ticked(node);
    this.refresh();
  }

  /** These rows are drawn anew with the next draw, however they look: VS Code has drawn what does not hold. */
  touched(nodes: readonly Node[]): void {
    for (const node of nodes) this.#rows.forget(node);
    this.refresh();
  }

  /** Has what was fetched to tell more of such rows be fetched anew, the next time that it is wanted. */
  outdated(concerns: (node: Node) => boolean): void {
    const told = this.#rows.told().filter(concerns);
    if (told.length > 0) this.touched(told);
  }

  getTreeItem(node: Node): vscode.TreeItem {
    return this.#rows.look(node);
  }

  getChildren(node?: Node): Node[] {
    return this.#rows.below(node, node?.children() ?? this.#roots());
  }

  /** Tooltips are long, and seldom read: they are sent when they are. */
  async resolveTreeItem(item: vscode.TreeItem, node: Node): Promise<vscode.TreeItem> {
    const words = this.#rows.tell(node);
    const more = (await node.more?.()) ?? "";
    item.tooltip ??= more === "" ? words : markdown(words, more);
    return item;
  }

  dispose(): void {
    this.#draw.dispose();
    this.#changed.dispose();
  }

  #drawChanged(): void {
    const changed = this.#rows.changed(this.#roots());
    if (changed === "all") this.#changed.fire(undefined);
    else if (changed.length > 0) this.#changed.fire([...changed]);
  }
}

function markdown(words: string | vscode.MarkdownString | undefined, more: string): vscode.MarkdownString {
  const said = typeof words === "object" ? words.value : (words ?? "");
  return new vscode.MarkdownString([said, more].filter((text) => text !== "").join("\n\n"));
}
