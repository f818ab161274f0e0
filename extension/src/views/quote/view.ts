/** The Quote view: there while a Quote is open, ticked, dragged and started from. */
import * as vscode from "vscode";
import { placeOf } from "../../folders";
import type { Quotes } from "../../quote";
import type { Node } from "../node";
import { Tree } from "../tree";
import { QuotedTaskNode } from "./quotedTaskNode";
import { quoteRows } from "./rows";
import { WaveNode } from "./waveNode";

const VIEW = "contextune.quote";
/** How VS Code names what is dragged out of this view; in lower case, as it says. */
const DRAGGED = "application/vnd.code.tree.contextune.quote";

/** Shows the open Quote, and hands what is done in it to `quotes`. */
export class QuoteTree implements vscode.Disposable {
  readonly #quotes: Quotes;
  readonly #tree: Tree;
  readonly #view: vscode.TreeView<Node>;
  readonly #disposables: vscode.Disposable[];

  /** `attempt` does a piece of work and shows its failure. */
  constructor(quotes: Quotes, attempt: (work: Promise<unknown>) => Promise<void>) {
    this.#quotes = quotes;
    this.#tree = new Tree(() => (quotes.open === undefined ? [] : quoteRows(quotes.open)));
    this.#view = vscode.window.createTreeView(VIEW, {
      treeDataProvider: this.#tree,
      canSelectMany: true,
      manageCheckboxStateManually: true,
      dragAndDropController: this.#dragging(attempt),
    });
    this.#disposables = [
      this.#view,
      this.#tree,
      this.#tree.shownBy(this.#view),
      quotes.onChange(() => this.#show()),
      this.#view.onDidChangeCheckboxState(({ items }) => {
        void attempt(this.#tick(items)).then(() => this.#tree.touched(items.map(([node]) => node)));
      }),
    ];
  }

  /** The Tasks that a command is about: those that menus and keys hand over, or those that are selected. */
  tasks(args: readonly unknown[]): readonly QuotedTaskNode[] {
    const [first, several] = args;
    const named: readonly unknown[] = Array.isArray(several) && several.includes(first) ? several : [first];
    const tasks = named.filter((node) => node instanceof QuotedTaskNode);
    return tasks.length > 0 ? tasks : this.#view.selection.filter((node) => node instanceof QuotedTaskNode);
  }

  dispose(): void {
    for (const one of this.#disposables) one.dispose();
  }

  #show(): void {
    const { open } = this.#quotes;
    const place = open === undefined ? "" : placeOf(open.repository);
    const parts = open === undefined ? [] : [open.price.likelyText, place, open.title];
    this.#view.description = parts.filter((part) => part !== "").join(" · ");
    this.#view.message = open && vscode.l10n.t("Tick what shall be done, then press ▷.");
    this.#tree.refresh();
  }

  async #tick(items: readonly (readonly [Node, vscode.TreeItemCheckboxState])[]): Promise<void> {
    for (const [node, state] of items) {
      if (!(node instanceof QuotedTaskNode)) continue;
      const include = state === vscode.TreeItemCheckboxState.Checked;
      await this.#quotes.change({ taskId: node.task.id, include });
    }
  }

  #dragging(attempt: (work: Promise<unknown>) => Promise<void>): vscode.TreeDragAndDropController<Node> {
    return {
      dragMimeTypes: [DRAGGED],
      dropMimeTypes: [DRAGGED],
      handleDrag(nodes, transfer) {
        const ids = nodes.filter((node) => node instanceof QuotedTaskNode).map(({ task }) => task.id);
        transfer.set(DRAGGED, new vscode.DataTransferItem(ids));
      },
      handleDrop: async (target, transfer) => {
        const ids: unknown = transfer.get(DRAGGED)?.value;
        if (Array.isArray(ids)) await attempt(this.#drop(target, ids.map(String)));
      },
    };
  }

  async #drop(target: Node | undefined, ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      if (target instanceof QuotedTaskNode && target.task.id !== id) await this.#quotes.runAfter(id, target.task.id);
      else if (target instanceof WaveNode) await this.#quotes.move(id, { wave: target.number });
    }
  }
}
