/** Commands on the Todos view: how Todos are grouped, and which are shown. */
import * as vscode from "vscode";
import type { Command } from "../application";
import { GROUPINGS, groupingText } from "../views/todos/grouping";

/** Asks by what Todos are grouped. */
export const groupTodos: Command = async ({ todosView }) => {
  const choices = GROUPINGS.map((by) => ({
    label: groupingText(by),
    description: by === todosView.grouping ? vscode.l10n.t("as it is") : "",
    detail: by === "arranged" ? vscode.l10n.t("One list, in the order that you drag the TODOs into") : undefined,
    by,
  }));
  const chosen = await vscode.window.showQuickPick(choices, { placeHolder: vscode.l10n.t("Group Todos by") });
  if (chosen !== undefined) await todosView.group(chosen.by);
};

/** Asks for words, and shows the Todos that have them. */
export const filterTodos: Command = async ({ todosView }) => {
  const filter = await vscode.window.showInputBox({
    prompt: vscode.l10n.t("Words of the text, path, tag, owner or symbol; empty shows all Todos"),
    value: todosView.filter,
  });
  if (filter !== undefined) todosView.search(filter);
};

/** Shows all Todos again. */
export const clearTodoFilter: Command = async ({ todosView }) => todosView.search("");

/** Moves the row that has the focus, or those that are selected with it, before the row above. */
export const moveTodoUp: Command = async ({ todosView }, ...args) => todosView.step(todosView.rows(args), "up");

/** Moves them behind the row below. */
export const moveTodoDown: Command = async ({ todosView }, ...args) => todosView.step(todosView.rows(args), "down");

/** Has the Todos stand as in their files again. */
export const clearTodoOrder: Command = async ({ todosView }) => todosView.clearOrder();
