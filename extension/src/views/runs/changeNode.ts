/** A file that a Task changed: a click opens its diff. */
import * as vscode from "vscode";
import type { FileChange, RunView, TaskView } from "../../generated/protocol";
import { diffCommand } from "../../review";
import { fileReview, isInReview } from "../../reviewPlan";
import type { Node } from "../node";
import { AmendmentNode } from "./amendmentNode";
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
    const review = fileReview(run, task, change.path);
    const { Expanded, None } = vscode.TreeItemCollapsibleState;
    const item = new vscode.TreeItem(change.path, review?.amendments.length ? Expanded : None);
    // VS Code keeps a row folded as it first was: one with something below it is another row.
    const kind = review?.amendments.length ? "amended" : "change";
    item.id = `${kind}:${run.id}:${task.id}:${change.path}`;
    const reasons = review?.reasons ?? (change.flag === "" ? [] : [change.flag]);
    item.description = [changeDescription(change), ...reasons].join(" · ");
    item.iconPath =
      reasons.length === 0
        ? new vscode.ThemeIcon("diff")
        : new vscode.ThemeIcon("warning", new vscode.ThemeColor("list.warningForeground"));
    item.contextValue = isInReview(run) && review?.isRejected === false ? "change rejectable" : "change";
    item.tooltip = reasons.length === 0 ? change.path : `${change.path}: ${reasons.join(", ")}`;
    item.command = diffCommand(run, task, change);
    return item;
  }

  children(): readonly Node[] {
    const { run, task, change } = this;
    const amendments = isInReview(run) ? (fileReview(run, task, change.path)?.amendments ?? []) : [];
    return amendments.map((amendment) => new AmendmentNode(run, amendment));
  }
}
