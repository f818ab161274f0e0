/** Commands that make a Run: of one TODO, several, or a Goal. */
import * as vscode from "vscode";
import type { Application, Command } from "../application";
import { chooseFolder, folderName } from "../folders";
import { fileOf, namedFolder, namedTodos, pickTodo, type TodoTarget, todosInFile, todosInSelection } from "../targets";

async function beginTodos(app: Application, target: TodoTarget | undefined, nothing: string): Promise<void> {
  // The order in which they are named is the one that the daemon keeps to where it can.
  if (target !== undefined) {
    const todoIds = [...app.todosView.inOrder(target.folder, target.todoIds)];
    await app.quotes.make({ folder: target.folder, todoIds });
  } else void vscode.window.showInformationMessage(nothing);
}

/** One TODO: the one named, the one at the cursor, or one that the user picks. */
export const delegateTodo: Command = async (app, ...args) => {
  let target = namedTodos(args, app.store);
  const editor = vscode.window.activeTextEditor;
  if (target === undefined && editor !== undefined) {
    const here = todosInSelection(editor, app.store);
    target = here && { ...here, todoIds: here.todoIds.slice(0, 1) };
    if (target === undefined && app.store.todosOfFile(editor.document.uri.fsPath).length > 0) {
      target = await pickTodo(editor, app.store);
      if (target === undefined) return;
    }
  }
  await beginTodos(app, target, vscode.l10n.t("There is no TODO here. Put the cursor on one."));
};

/** Every TODO of a file. */
export const parallelizeFile: Command = async (app, ...args) => {
  const file = fileOf(args);
  const target = namedTodos(args, app.store) ?? (file && todosInFile(file, app.store));
  await beginTodos(app, target, vscode.l10n.t("There is no TODO in this file."));
};

/** The TODOs ticked in the Todos view, or those on the selected lines of the editor. */
export const parallelizeSelection: Command = async (app, ...args) => {
  const named = namedTodos(args, app.store);
  const editor = vscode.window.activeTextEditor;
  const selected = named ?? (editor && todosInSelection(editor, app.store));
  await beginTodos(app, selected, vscode.l10n.t("There is no TODO in the selection."));
};

/** The TODOs ticked in the Todos view. */
export const parallelizeTicked: Command = async (app) => {
  const byFolder = new Map<string, string[]>();
  for (const { folder, todo } of app.todosView.checked())
    byFolder.set(folder, [...(byFolder.get(folder) ?? []), todo.id]);
  const targets = [...byFolder].map(([folder, todoIds]) => ({ folder, todoIds }));
  const target = targets.length > 1 ? await oneFolder(targets) : targets[0];
  if (target === undefined && targets.length > 0) return;
  await beginTodos(app, target, vscode.l10n.t("Tick at least one TODO first."));
};

/** A Run is of one repository: the folder whose ticked TODOs come first; undefined if the user picks none. */
async function oneFolder(targets: readonly TodoTarget[]): Promise<TodoTarget | undefined> {
  const items = targets.map((target) => ({
    label: folderName(target.folder),
    description:
      target.todoIds.length === 1 ? vscode.l10n.t("1 TODO") : vscode.l10n.t("{0} TODOs", target.todoIds.length),
    target,
  }));
  const placeHolder = vscode.l10n.t("A Run is of one folder. Which one first? The others stay ticked.");
  return (await vscode.window.showQuickPick(items, { placeHolder }))?.target;
}

/** Every TODO of a folder. */
export const parallelizeWorkspace: Command = async (app, ...args) => {
  const folder = namedFolder(args) ?? (await chooseFolder());
  if (folder === undefined) {
    void vscode.window.showInformationMessage(vscode.l10n.t("Open a folder first."));
    return;
  }
  await app.quotes.make({ folder, all: true, todoIds: [...app.todosView.order(folder)] });
};

/** Free text in place of TODOs. */
export const runGoal: Command = async (app, ...args) => {
  const [given] = args;
  const folder = await chooseFolder();
  if (folder === undefined) {
    void vscode.window.showInformationMessage(vscode.l10n.t("Open a folder first."));
    return;
  }
  const goal =
    typeof given === "string"
      ? given
      : await vscode.window.showInputBox({
          title: vscode.l10n.t("Run a Goal"),
          prompt: vscode.l10n.t("What shall be done? Contextune splits it into Tasks and shows a Quote first."),
          placeHolder: vscode.l10n.t("work on auth, dashboard and analytics in parallel"),
          ignoreFocusOut: true,
        });
  if (goal !== undefined && goal.trim() !== "") await app.quotes.make({ folder, goal: goal.trim() });
};
