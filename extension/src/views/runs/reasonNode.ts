/** Why a Task stands where it stands in a review. */
import * as vscode from "vscode";
import type { RunView, TaskView } from "../../generated/protocol";
import type { Node } from "../node";

/** One reason in the Runs view. */
export class ReasonNode implements Node {
  constructor(
    private readonly run: RunView,
    private readonly task: TaskView,
    private readonly reason: string,
  ) {}

  item(): vscode.TreeItem {
    const item = new vscode.TreeItem(this.reason);
    item.id = `reason:${this.run.id}:${this.task.id}:${this.reason}`;
    item.iconPath = new vscode.ThemeIcon("eye", new vscode.ThemeColor("list.warningForeground"));
    item.contextValue = "reason";
    item.tooltip = vscode.l10n.t("Why this Task is worth a look: {0}", this.reason);
    return item;
  }

  children(): readonly Node[] {
    return [];
  }
}
