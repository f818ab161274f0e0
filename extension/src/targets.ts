/** Which Todos a command is about: those that its arguments name, else those at the cursor. */
import * as vscode from "vscode";
import type { PlacedTodo, Store } from "./store";
import { TodoFileNode } from "./views/todos/fileNode";
import { TodoNode } from "./views/todos/todoNode";

/** What the daemon's code actions and code lenses hand to a command that makes a Run. */
interface WorkTarget {
  readonly folder?: string;
  readonly todoIds?: readonly string[];
}

function isWorkTarget(value: unknown): value is WorkTarget {
  return typeof value === "object" && value !== null && ("todoIds" in value || "folder" in value);
}

/** Todos of one folder. */
export interface TodoTarget {
  readonly folder: string;
  readonly todoIds: readonly string[];
}

function together(placed: readonly PlacedTodo[]): TodoTarget | undefined {
  const folder = placed[0]?.folder;
  if (folder === undefined) return undefined;
  return { folder, todoIds: placed.filter((one) => one.folder === folder).map(({ todo }) => todo.id) };
}

/** The Todos that a command's arguments name: a tree node, the daemon's own argument, or a file. */
export function namedTodos(args: readonly unknown[], store: Store): TodoTarget | undefined {
  const [first, several] = args;
  if (first instanceof TodoNode) {
    const selected: readonly unknown[] = Array.isArray(several) && several.includes(first) ? several : [first];
    return together(selected.flatMap((node) => (node instanceof TodoNode ? [node.placed] : [])));
  }
  if (first instanceof TodoFileNode) return together(first.todos);
  if (typeof first === "string") return together([store.todo(first)].flatMap((one) => one ?? []));
  if (isWorkTarget(first) && first.todoIds !== undefined) {
    const folder = first.folder ?? store.todo(first.todoIds[0] ?? "")?.folder;
    return folder === undefined ? undefined : { folder, todoIds: first.todoIds };
  }
  return undefined;
}

/** The folder that a command's arguments name. */
export function namedFolder(args: readonly unknown[]): string | undefined {
  const [first] = args;
  return isWorkTarget(first) ? first.folder : undefined;
}

/** The file that a command is about: an argument, or the active editor's. */
export function fileOf(args: readonly unknown[]): vscode.Uri | undefined {
  const [first] = args;
  if (first instanceof vscode.Uri) return first;
  return vscode.window.activeTextEditor?.document.uri;
}

/** The Todos of a whole file. */
export function todosInFile(file: vscode.Uri, store: Store): TodoTarget | undefined {
  return together(store.todosOfFile(file.fsPath));
}

/** The Todos on the lines of the editor's selections; a cursor is a selection of one line. */
export function todosInSelection(editor: vscode.TextEditor, store: Store): TodoTarget | undefined {
  const found = editor.selections.flatMap(({ start, end }) => {
    const last = end.character === 0 && end.line > start.line ? end.line : end.line + 1;
    return store.todosOfLines(editor.document.uri.fsPath, start.line + 1, last);
  });
  return together([...new Set(found)]);
}

/** Lets the user pick one Todo of a file, the nearest to the cursor first. */
export async function pickTodo(editor: vscode.TextEditor, store: Store): Promise<TodoTarget | undefined> {
  const line = editor.selection.active.line + 1;
  const near = [...store.todosOfFile(editor.document.uri.fsPath)].sort(
    (one, other) => Math.abs(one.todo.line - line) - Math.abs(other.todo.line - line),
  );
  const items = near.map((placed) => ({
    label: placed.todo.text.split("\n")[0] ?? "",
    description: vscode.l10n.t("line {0}", placed.todo.line),
    placed,
  }));
  const picked = await vscode.window.showQuickPick(items, {
    placeHolder: vscode.l10n.t("There is no TODO on this line. Which one shall be delegated?"),
  });
  return picked && together([picked.placed]);
}
