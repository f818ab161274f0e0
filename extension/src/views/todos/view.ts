/** The Todos view: every TODO by file, tag, owner or age, or in an order of one's own, with checkboxes. */
import { join } from "node:path";
import * as vscode from "vscode";
import type { RunView, Todo } from "../../generated/protocol";
import { areNested } from "../../nested";
import type { Session } from "../../session";
import { fileKey, type PlacedTodo, type Store, todoKey } from "../../store";
import type { Node } from "../node";
import { Tree } from "../tree";
import { Arrangement, edited, type KeptOrders } from "./arrangement";
import { TodoFileNode } from "./fileNode";
import { TodoFolderNode } from "./folderNode";
import { filtered, GROUPINGS, type Grouping, grouped, groupingText } from "./grouping";
import { TodoGroupNode } from "./groupNode";
import { dropped, isMovable, type Movable, type Move, stepped } from "./moving";
import { type TodoLook, TodoNode } from "./todoNode";
import { countText } from "./words";

const VIEW = "contextune.todos";
const GROUPING_KEY = "todos.grouping";
const ORDER_KEY = "todos.order";
/** How VS Code names what is dragged out of this view. */
const DRAGGED = "application/vnd.code.tree.contextune.todos";

type Ticks = vscode.TreeCheckboxChangeEvent<Node>["items"];

/**
 * The Todos that were ticked or unticked.
 *
 * VS Code also names a file whose last box was ticked, or first one unticked, which says nothing about the others in it.
 */
function tickedIn(items: Ticks): { readonly placed: PlacedTodo; readonly ticked: boolean }[] {
  const isTicked = (state: vscode.TreeItemCheckboxState) => state === vscode.TreeItemCheckboxState.Checked;
  const ones = items.flatMap(([node, state]) =>
    node instanceof TodoNode ? [{ placed: node.placed, ticked: isTicked(state) }] : [],
  );
  const named = new Set(ones.map(({ placed }) => todoKey(placed)));
  const files = items.flatMap(([node, state]) =>
    (node instanceof TodoFileNode || node instanceof TodoGroupNode) &&
    !node.todos.some((placed) => named.has(todoKey(placed)))
      ? node.todos.map((placed) => ({ placed, ticked: isTicked(state) }))
      : [],
  );
  return [...ones, ...files];
}

/** The states of a Run's Tasks, to see whether any has changed. */
function statesOf(run: RunView | undefined): string {
  return run === undefined ? "" : `${run.state} ${run.tasks.map(({ state, halted }) => halted ?? state).join(" ")}`;
}

/** Shows the store's Todos, and holds which of them are ticked and in which order they stand. */
export class TodosView implements vscode.Disposable {
  readonly #store: Store;
  readonly #tree: Tree;
  readonly #view: vscode.TreeView<Node>;
  readonly #checked = new Set<string>();
  readonly #memory: vscode.Memento;
  readonly #look: TodoLook;
  /** The Todos of each folder as they were told last. */
  readonly #known = new Map<string, readonly Todo[]>();
  #arrangement: Arrangement;
  #grouping: Grouping;
  #filter = "";
  readonly #disposables: vscode.Disposable[];

  /**
   * @param memory keeps how Todos are grouped and ordered
   * @param preview fetches the code around a Todo, as Markdown that is safe to show
   */
  constructor(store: Store, session: Session, memory: vscode.Memento, preview: TodoLook["preview"]) {
    this.#store = store;
    this.#memory = memory;
    this.#look = { checked: this.#checked, store, preview };
    this.#arrangement = new Arrangement(memory.get<KeptOrders>(ORDER_KEY));
    const grouping = memory.get<string>(GROUPING_KEY);
    this.#grouping = GROUPINGS.find((known) => known === grouping) ?? "file";
    this.#tree = new Tree(() => this.#roots());
    const view = vscode.window.createTreeView(VIEW, {
      treeDataProvider: this.#tree,
      showCollapseAll: true,
      canSelectMany: true,
      dragAndDropController: this.#dragging(),
    });
    this.#view = view;
    const unsubscribe = store.onChange((change) => {
      if (change.kind === "todos") this.#follow(change.folder);
      // Dollars and turns are told where agents are at work, states here.
      else if (change.kind === "facts" || (change.kind === "run" && statesOf(change.before) !== statesOf(change.run)))
        this.#tree.refresh();
    });
    this.#disposables = [
      view,
      this.#tree,
      this.#tree.shownBy(view),
      { dispose: unsubscribe },
      session.onProblems(() => {
        view.message = session.problem();
      }),
      view.onDidChangeCheckboxState(({ items }) => this.#tick(items)),
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        const file = fileKey(document.uri.fsPath);
        this.#tree.outdated(
          (node) => node instanceof TodoNode && fileKey(join(node.placed.folder, node.placed.todo.path)) === file,
        );
      }),
    ];
    this.#tellOrder();
  }

  /** The ticked Todos that are still there, in their order. */
  checked(): readonly PlacedTodo[] {
    return this.#store
      .folders()
      .flatMap((folder) => this.#placed(folder).filter((placed) => this.#checked.has(todoKey(placed))));
  }

  /** Todos of a folder in the order that somebody gave them; as they are where nobody did. */
  inOrder(folder: string, ids: readonly string[]): readonly string[] {
    return this.#arrangement.arranged(folder, ids, (id) => id);
  }

  /** The ids of a folder's Todos in the order that somebody gave them; none where nobody did. */
  order(folder: string): readonly string[] {
    return this.#arrangement.has(folder) ? this.#placed(folder).map(({ todo }) => todo.id) : [];
  }

  /** The rows that a command is about: the one that menus and keys hand over, or those that are selected with it. */
  rows(args: readonly unknown[]): readonly Movable[] {
    const selected = this.#view.selection.filter(isMovable);
    const named = args.flat().filter(isMovable);
    const [first] = named;
    return first === undefined || selected.includes(first) ? selected : named;
  }

  /** Moves rows a step up or down among those beside them. */
  async step(rows: readonly Movable[], step: "up" | "down"): Promise<void> {
    const move = stepped(rows, step, this.#roots());
    if (move !== undefined) await this.#move(move);
  }

  /** Has every Todo stand as in its file again; a message takes that back. */
  async clearOrder(): Promise<void> {
    const before = this.#arrangement;
    await this.#arrange(new Arrangement());
    const undo = vscode.l10n.t("Undo");
    const text = vscode.l10n.t("The TODOs stand as in their files again.");
    if ((await vscode.window.showInformationMessage(text, undo)) === undo) await this.#arrange(before);
  }

  /** How Todos are grouped. */
  get grouping(): Grouping {
    return this.#grouping;
  }

  /** Groups the Todos in another way, in this workspace from now on. */
  async group(by: Grouping): Promise<void> {
    this.#grouping = by;
    this.#update();
    await this.#memory.update(GROUPING_KEY, by);
  }

  /** What is searched for; empty for nothing. */
  get filter(): string {
    return this.#filter;
  }

  /** Shows only Todos with these words. */
  search(filter: string): void {
    this.#filter = filter.trim();
    void vscode.commands.executeCommand("setContext", "contextune.todosFiltered", this.#filter !== "");
    this.#update();
  }

  /** Unticks those of a repository with these ids. */
  untick(repository: string, ids: readonly string[]): void {
    for (const placed of this.checked())
      if (ids.includes(placed.todo.id) && areNested(repository, placed.folder)) this.#checked.delete(todoKey(placed));
    this.#update();
  }

  dispose(): void {
    for (const one of this.#disposables) one.dispose();
  }

  #tick(items: Ticks): void {
    for (const { placed, ticked } of tickedIn(items)) {
      if (ticked) this.#checked.add(todoKey(placed));
      else this.#checked.delete(todoKey(placed));
    }
    this.#tree.ticked(items.map(([node]) => node));
    this.#tell();
  }

  /** Todos whose words were edited stay ticked, and where they stood. */
  #follow(folder: string): void {
    const todos = this.#store.todos(folder);
    const now = edited(this.#known.get(folder) ?? [], todos);
    this.#known.set(folder, todos);
    for (const [before, after] of now)
      if (this.#checked.delete(`${folder}\n${before}`)) this.#checked.add(`${folder}\n${after}`);
    if (now.size > 0 && this.#arrangement.has(folder)) {
      this.#arrangement.rename(folder, now);
      void this.#memory.update(ORDER_KEY, this.#arrangement.kept);
    }
    this.#tree.outdated((node) => node instanceof TodoNode && node.placed.folder === folder);
    this.#update();
  }

  #update(): void {
    const todos = this.#store.allTodos();
    const known = new Set(todos.map(todoKey));
    for (const key of this.#checked) if (!known.has(key)) this.#checked.delete(key);
    this.#view.description = this.#description(todos);
    this.#view.badge =
      todos.length === 0 ? undefined : { value: todos.length, tooltip: vscode.l10n.t("{0} TODOs", todos.length) };
    this.#tell();
    this.#tree.refresh();
  }

  #dragging(): vscode.TreeDragAndDropController<Node> {
    let dragged: readonly Movable[] = [];
    return {
      dragMimeTypes: [DRAGGED],
      dropMimeTypes: [DRAGGED],
      handleDrag: (nodes, transfer) => {
        dragged = nodes.filter(isMovable);
        transfer.set(DRAGGED, new vscode.DataTransferItem(dragged.length));
      },
      handleDrop: async (target, transfer) => {
        if (transfer.get(DRAGGED) === undefined) return;
        const move = dropped(dragged, target, this.#roots());
        if (move !== undefined && (move.shown || (await this.#wantsArranged()))) await this.#move(move);
      },
    };
  }

  /** Asks about Todos that were dropped on another group, where they do not belong; whether they are shown without groups. */
  async #wantsArranged(): Promise<boolean> {
    const arrange = vscode.l10n.t("Group as Arranged");
    const text = vscode.l10n.t(
      "TODOs of different groups stand beside each other only where they are grouped as arranged.",
    );
    if ((await vscode.window.showInformationMessage(text, arrange)) !== arrange) return false;
    await this.group("arranged");
    return true;
  }

  async #move({ todos, to }: Move): Promise<void> {
    const folder = todos[0]?.folder;
    if (folder === undefined) return;
    const ids = todos.filter((one) => one.folder === folder).map(({ todo }) => todo.id);
    const arrangement = new Arrangement(this.#arrangement.kept);
    arrangement.move(
      folder,
      this.#store.todos(folder).map(({ id }) => id),
      ids,
      to,
    );
    await this.#arrange(arrangement);
  }

  async #arrange(arrangement: Arrangement): Promise<void> {
    this.#arrangement = arrangement;
    this.#tellOrder();
    this.#update();
    await this.#memory.update(ORDER_KEY, arrangement.kept);
  }

  #tellOrder(): void {
    void vscode.commands.executeCommand("setContext", "contextune.todosArranged", this.#arrangement.has());
  }

  #tell(): void {
    void vscode.commands.executeCommand("setContext", "contextune.todosChecked", this.#checked.size > 0);
  }

  #description(todos: readonly PlacedTodo[]): string {
    const shown = filtered(todos, this.#filter, (placed) => this.#store.fact(placed));
    const files = new Set(shown.map(({ folder, todo }) => `${folder}/${todo.path}`)).size;
    const parts = [countText(shown.length, files)];
    if (this.#grouping === "arranged" || this.#arrangement.has()) parts.push(vscode.l10n.t("as arranged"));
    if (this.#grouping !== "file" && this.#grouping !== "arranged")
      parts.push(vscode.l10n.t("by {0}", groupingText(this.#grouping).toLowerCase()));
    if (this.#filter !== "") parts.push(vscode.l10n.t("with “{0}”", this.#filter));
    return parts.filter((part) => part !== "").join(" · ");
  }

  #roots(): readonly Node[] {
    const factOf = (placed: PlacedTodo) => this.#store.fact(placed);
    const folders = this.#store.folders();
    if (this.#grouping !== "file" && this.#grouping !== "arranged") {
      const todos = folders.flatMap((folder) => this.#shown(folder));
      return grouped(todos, this.#grouping, factOf).map((group) => new TodoGroupNode(group, this.#look));
    }
    const below = this.#grouping === "file" ? this.#files : this.#flat;
    const [only] = folders;
    if (folders.length === 1 && only !== undefined) return below(only);
    return folders.map((folder) => new TodoFolderNode(folder, below(folder)));
  }

  #placed(folder: string): readonly PlacedTodo[] {
    const placed = this.#store.todos(folder).map((todo) => ({ folder, todo }));
    return this.#arrangement.arranged(folder, placed, ({ todo }) => todo.id);
  }

  #shown(folder: string): readonly PlacedTodo[] {
    return filtered(this.#placed(folder), this.#filter, (placed) => this.#store.fact(placed));
  }

  readonly #flat = (folder: string): readonly TodoNode[] =>
    this.#shown(folder).map((placed) => new TodoNode(placed, this.#look, "arranged:"));

  readonly #files = (folder: string): readonly TodoFileNode[] => {
    const byPath = new Map<string, PlacedTodo[]>();
    for (const placed of this.#shown(folder)) {
      const known = byPath.get(placed.todo.path);
      if (known) known.push(placed);
      else byPath.set(placed.todo.path, [placed]);
    }
    return [...byPath].map(([path, todos]) => new TodoFileNode(folder, path, todos, this.#look));
  };
}
