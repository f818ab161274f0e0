/** The Todos view: every TODO by file, with checkboxes. */
import * as vscode from "vscode";
import type { Todo } from "../../generated/protocol";
import type { Session } from "../../session";
import type { PlacedTodo, Store } from "../../store";
import { Tree } from "../tree";
import { TodoFileNode } from "./fileNode";
import { TodoFolderNode } from "./folderNode";
import { TodoNode } from "./todoNode";
import { countText } from "./words";

const VIEW = "contextune.todos";

type Ticks = vscode.TreeCheckboxChangeEvent<unknown>["items"];

/**
 * The Todos that were ticked or unticked.
 *
 * VS Code also names a file whose last box was ticked, or first one unticked, which says nothing about the others in it.
 */
function tickedIn(items: Ticks): { readonly todo: Todo; readonly ticked: boolean }[] {
  const isTicked = (state: vscode.TreeItemCheckboxState) => state === vscode.TreeItemCheckboxState.Checked;
  const ones = items.flatMap(([node, state]) =>
    node instanceof TodoNode ? [{ todo: node.placed.todo, ticked: isTicked(state) }] : [],
  );
  const named = new Set(ones.map(({ todo }) => todo.id));
  const files = items.flatMap(([node, state]) =>
    node instanceof TodoFileNode && !node.todos.some(({ todo }) => named.has(todo.id))
      ? node.todos.map(({ todo }) => ({ todo, ticked: isTicked(state) }))
      : [],
  );
  return [...ones, ...files];
}

/** Shows the store's Todos and holds which of them are ticked. */
export class TodosView implements vscode.Disposable {
  readonly #store: Store;
  readonly #tree: Tree;
  readonly #view: vscode.TreeView<unknown>;
  readonly #checked = new Set<string>();
  readonly #disposables: vscode.Disposable[];

  constructor(store: Store, session: Session) {
    this.#store = store;
    this.#tree = new Tree(() => this.#roots());
    const view = vscode.window.createTreeView(VIEW, {
      treeDataProvider: this.#tree,
      showCollapseAll: true,
    });
    this.#view = view;
    const unsubscribe = store.onChange(({ kind }) => {
      if (kind === "todos") this.#update();
    });
    this.#disposables = [
      view,
      this.#tree,
      { dispose: unsubscribe },
      session.onProblems(() => {
        view.message = session.problem();
      }),
      view.onDidChangeCheckboxState(({ items }) => {
        for (const { todo, ticked } of tickedIn(items)) {
          if (ticked) this.#checked.add(todo.id);
          else this.#checked.delete(todo.id);
        }
        this.#tell();
      }),
    ];
  }

  /** The ticked Todos that are still there. */
  checked(): readonly PlacedTodo[] {
    return this.#store.allTodos().filter(({ todo }) => this.#checked.has(todo.id));
  }

  /** Unticks all. */
  uncheckAll(): void {
    this.#checked.clear();
    this.#update();
  }

  dispose(): void {
    for (const one of this.#disposables) one.dispose();
  }

  /** Draws the view anew: a click on a box in the midst of it is lost, so VS Code is left to draw ticks itself. */
  #update(): void {
    const todos = this.#store.allTodos();
    const known = new Set(todos.map(({ todo }) => todo.id));
    for (const id of this.#checked) if (!known.has(id)) this.#checked.delete(id);
    this.#view.description = countText(todos.length, this.#store.filesWithTodos().length);
    this.#view.badge =
      todos.length === 0 ? undefined : { value: todos.length, tooltip: vscode.l10n.t("{0} TODOs", todos.length) };
    this.#tell();
    this.#tree.refresh();
  }

  #tell(): void {
    void vscode.commands.executeCommand("setContext", "contextune.todosChecked", this.#checked.size > 0);
  }

  #roots(): readonly (TodoFolderNode | TodoFileNode)[] {
    const folders = this.#store.folders();
    const [only] = folders;
    if (folders.length === 1 && only !== undefined) return this.#files(only);
    return folders.map((folder) => new TodoFolderNode(folder, this.#files(folder)));
  }

  #files(folder: string): readonly TodoFileNode[] {
    const byPath = new Map<string, PlacedTodo[]>();
    for (const todo of this.#store.todos(folder)) {
      const known = byPath.get(todo.path);
      if (known) known.push({ folder, todo });
      else byPath.set(todo.path, [{ folder, todo }]);
    }
    return [...byPath].map(([path, todos]) => new TodoFileNode(folder, path, todos, this.#checked));
  }
}
