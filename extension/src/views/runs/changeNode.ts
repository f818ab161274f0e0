/** A file that a Task changed: a click opens its diff. */
import * as vscode from "vscode";
import type { FileChange, RunView, TaskView } from "../../generated/protocol";
import { diffCommand } from "../../review";
import type { Node } from "../tree";
import { changeDescription } from "./words";

/** A changed file in the Runs view. */
export class ChangeNode implements Node {
  constructor(
    readonly run: RunView,
    readonly task: TaskView,
    readonly change: FileChange,
  ) {}

  item(): vscode.TreeItem {
    const { run, task, change } = this;
    const item = new vscode.TreeItem(change.path);
    item.id = `change:${run.id}:${task.id}:${change.path}`;
    item.description = changeDescription(change);
    item.iconPath =
      change.flag === ""
        ? new vscode.ThemeIcon("diff")
        : new vscode.ThemeIcon("warning", new vscode.ThemeColor("charts.orange"));
    item.contextValue = "change";
    item.tooltip = change.flag === "" ? change.path : `${change.path}: ${change.flag}`;
    item.command = diffCommand(run, task, change);
    return item;
  }

  children(): readonly Node[] {
    return [];
  }
}
