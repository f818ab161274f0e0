/** Commands on the Runs view: which Runs are shown. */
import * as vscode from "vscode";
import type { Command } from "../application";

/** Asks for words, and shows the Runs that have them. */
export const filterRuns: Command = async ({ runsView }) => {
  const filter = await vscode.window.showInputBox({
    prompt: vscode.l10n.t("Words of the title, a Task, a TODO, the branch or the state; empty shows all Runs"),
    value: runsView.filter,
  });
  if (filter !== undefined) runsView.search(filter);
};

/** Shows all Runs again. */
export const clearRunFilter: Command = async ({ runsView }) => runsView.search("");
