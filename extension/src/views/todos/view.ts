/** The Todos view: every TODO by file, tag, owner or age, with checkboxes. */
import * as vscode from "vscode";
import type { RunView } from "../../generated/protocol";
import { areNested } from "../../nested";
import type { Session } from "../../session";
import { type PlacedTodo, type Store, todoKey } from "../../store";
import { Tree } from "../tree";
import { TodoFileNode } from "./fileNode";
import { TodoFolderNode } from "./folderNode";
import { filtered, GROUPINGS, type Grouping, grouped, groupingText } from "./grouping";
import { TodoGroupNode } from "./groupNode";
import { TodoNode } from "./todoNode";
import { countText } from "./words";

const VIEW = "contextune.todos";
const GROUPING_KEY = "todos.grouping";

type Ticks = vscode.TreeCheckboxChangeEvent<unknown>["items"];

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
  return run === undefined ? "" : `${run.state} ${run.tasks.map(({ state }) => state).join(" ")}`;
}

/** Shows the store's Todos and holds which of them are ticked. */
export class TodosView implements vscode.Disposable {
  readonly #store: Store;
  readonly #tree: Tree;
  readonly #view: vscode.TreeView<unknown>;
  readonly #checked = new Set<string>();
  readonly #memory: vscode.Memento;
  #grouping: Grouping;
  #filter = "";
  readonly #disposables: vscode.Disposable[];

  /** `memory` keeps how Todos are grouped. */
  constructor(store: Store, session: Session, memory: vscode.Memento) {
    this.#store = store;
    this.#memory = memory;
    const grouping = memory.get<string>(GROUPING_KEY);
    this.#grouping = GROUPINGS.find((known) => known === grouping) ?? "file";
    this.#tree = new Tree(() => this.#roots());
    const view = vscode.window.createTreeView(VIEW, {
      treeDataProvider: this.#tree,
      showCollapseAll: true,
    });
    this.#view = view;
    const unsubscribe = store.onChange((change) => {
      if (change.kind === "todos") this.#update();
      // A redraw loses a click in its midst: dollars and turns are told where agents are at work, states here.
      else if (change.kind === "facts" || (change.kind === "run" && statesOf(change.before) !== statesOf(change.run)))
        this.#tree.refresh();
    });
    this.#disposables = [
      view,
      this.#tree,
      { dispose: unsubscribe },
      session.onProblems(() => {
        view.message = session.problem();
      }),
      view.onDidChangeCheckboxState(({ items }) => {
        for (const { placed, ticked } of tickedIn(items)) {
          if (ticked) this.#checked.add(todoKey(placed));
          else this.#checked.delete(todoKey(placed));
        }
        this.#tell();
      }),
    ];
  }

  /** The ticked Todos that are still there. */
  checked(): readonly PlacedTodo[] {
    return this.#store.allTodos().filter((placed) => this.#checked.has(todoKey(placed)));
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

  /** Draws the view anew: a click on a box in the midst of it is lost, so VS Code is left to draw ticks itself. */
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

  #tell(): void {
    void vscode.commands.executeCommand("setContext", "contextune.todosChecked", this.#checked.size > 0);
  }

  #description(todos: readonly PlacedTodo[]): string {
    const shown = filtered(todos, this.#filter, (placed) => this.#store.fact(placed));
    const files = new Set(shown.map(({ folder, todo }) => `${folder}/${todo.path}`)).size;
    const parts = [countText(shown.length, files)];
    if (this.#grouping !== "file") parts.push(vscode.l10n.t("by {0}", groupingText(this.#grouping).toLowerCase()));
    if (this.#filter !== "") parts.push(vscode.l10n.t("with “{0}”", this.#filter));
    return parts.filter((part) => part !== "").join(" · ");
  }

  #roots(): readonly (TodoFolderNode | TodoFileNode | TodoGroupNode)[] {
    const factOf = (placed: PlacedTodo) => this.#store.fact(placed);
    const look = { checked: this.#checked, store: this.#store };
    if (this.#grouping !== "file") {
      const todos = filtered(this.#store.allTodos(), this.#filter, factOf);
      return grouped(todos, this.#grouping, factOf).map((group) => new TodoGroupNode(group, look));
    }
    const folders = this.#store.folders();
    const [only] = folders;
    if (folders.length === 1 && only !== undefined) return this.#files(only);
    return folders.map((folder) => new TodoFolderNode(folder, this.#files(folder)));
  }

  #files(folder: string): readonly TodoFileNode[] {
    const byPath = new Map<string, PlacedTodo[]>();
    const placed = this.#store.todos(folder).map((todo) => ({ folder, todo }));
    for (const { todo } of filtered(placed, this.#filter, (placed) => this.#store.fact(placed))) {
      const known = byPath.get(todo.path);
      if (known) known.push({ folder, todo });
      else byPath.set(todo.path, [{ folder, todo }]);
    }
    return [...byPath].map(
      ([path, todos]) => new TodoFileNode(folder, path, todos, { checked: this.#checked, store: this.#store }),
    );
  }
}
