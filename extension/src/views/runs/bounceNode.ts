/** Why a Task went back to an agent although it was green: with which others it did not fit. */
import * as vscode from "vscode";
import type { RunView, TaskView } from "../../generated/protocol";
import type { Node } from "../node";

/** The bounce of a Task in the Runs view. */
export class BounceNode implements Node {
  constructor(
    readonly run: RunView,
    readonly task: TaskView,
  ) {}

  item(): vscode.TreeItem {
    const { run, task } = this;
    const item = new vscode.TreeItem(task.bouncedText);
    item.id = `bounce:${run.id}:${task.id}`;
    item.iconPath = new vscode.ThemeIcon("git-merge", new vscode.ThemeColor("list.warningForeground"));
    item.contextValue = "bounce";
    item.tooltip = vscode.l10n.t(
      "{0}: it went back to an agent, on top of the others. The transcript holds what failed.",
      task.bouncedText,
    );
    return item;
  }

  children(): readonly Node[] {
    return [];
  }
}
