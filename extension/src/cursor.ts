/**
 * Context keys: `contextune.onTodo` for a user's own key bindings, `contextune.todoFiles` for menus.
 *
 * A right click moves the cursor and asks for the menu at once, before this could tell of the new line: so the menus go
 * by the file, and the command finds the line.
 */
import * as vscode from "vscode";
import type { Store } from "./store";

/** Keeps both keys current. */
export function watchCursor(store: Store): vscode.Disposable {
  const set = (key: string, value: unknown): void => {
    void vscode.commands.executeCommand("setContext", `contextune.${key}`, value);
  };
  let onTodo = false;
  const noticeCursor = (): void => {
    const editor = vscode.window.activeTextEditor;
    const line = (editor?.selection.active.line ?? -1) + 1;
    const now = editor !== undefined && store.todosOfLines(editor.document.uri.fsPath, line, line).length > 0;
    if (now === onTodo) return;
    onTodo = now;
    set("onTodo", now);
  };
  const unsubscribe = store.onChange(({ kind }) => {
    if (kind !== "todos") return;
    const files = store.filesWithTodos();
    set("todoFiles", Object.fromEntries(files.map((file) => [vscode.Uri.file(file).fsPath, true])));
    noticeCursor();
  });
  return vscode.Disposable.from(
    { dispose: unsubscribe },
    vscode.window.onDidChangeTextEditorSelection(noticeCursor),
    vscode.window.onDidChangeActiveTextEditor(noticeCursor),
  );
}
