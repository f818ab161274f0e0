/** Commands on the Todos view: how Todos are grouped, and which are shown. */
import * as vscode from "vscode";
import type { Command } from "../application";
import { GROUPINGS, groupingText } from "../views/todos/grouping";

/** Asks by what Todos are grouped. */
export const groupTodos: Command = async ({ todosView }) => {
  const choices = GROUPINGS.map((by) => ({
    label: groupingText(by),
    description: by === todosView.grouping ? vscode.l10n.t("as it is") : "",
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
