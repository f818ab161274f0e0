/** A Task: the root of its attempts and changed files. */
import * as vscode from "vscode";
import type { RunView, TaskView } from "../../generated/protocol";
import { paragraphs } from "../../plainMarkdown";
import { changesInOrder, isInReview, taskReview } from "../../reviewPlan";
import type { Node } from "../node";
import { AttemptNode } from "./attemptNode";
import { BounceNode } from "./bounceNode";
import { ChangeNode } from "./changeNode";
import { taskIcon } from "./icons";
import { ReasonNode } from "./reasonNode";
import { evidenceText, taskDescription, taskText, taskTokens, waveText } from "./words";

/** A Task in the Runs view. */
export class TaskNode implements Node {
  constructor(
    readonly run: RunView,
    readonly task: TaskView,
  ) {}

  item(): vscode.TreeItem {
    const { run, task } = this;
    const item = new vscode.TreeItem(task.title, this.#fold());
    // VS Code keeps a row folded as it first was: one that is to be opened is another row.
    item.id = `${isBack(task) ? "back" : "task"}:${run.id}:${task.id}`;
    item.description = taskDescription(task);
    item.iconPath = taskIcon(task);
    item.contextValue = taskTokens(task, run);
    if (task.state === "asking") {
      item.command = {
        command: "contextune.answerQuestion",
        title: vscode.l10n.t("Answer the Question"),
        arguments: [this],
      };
    }
    return item;
  }

  children(): readonly Node[] {
    const { run, task } = this;
    const attempts = task.attempts.map((attempt) => new AttemptNode(run, task, attempt));
    const changes = changesInOrder(run, task).map((change) => new ChangeNode(run, task, change));
    const bounce = isBack(task) ? [new BounceNode(run, task)] : [];
    if (!isInReview(run)) return [...bounce, ...attempts, ...changes];
    const reasons = taskReview(run, task)?.reasons ?? [];
    return [...reasons.map((reason) => new ReasonNode(run, task, reason)), ...changes, ...attempts];
  }

  #fold(): vscode.TreeItemCollapsibleState {
    const { task } = this;
    if (isBack(task)) return vscode.TreeItemCollapsibleState.Expanded;
    const isEmpty = task.attempts.length + task.changes.length === 0;
    return isEmpty ? vscode.TreeItemCollapsibleState.None : vscode.TreeItemCollapsibleState.Collapsed;
  }

  tooltip(): vscode.MarkdownString {
    const { run, task } = this;
    const lines = [`${taskText(task)}${task.reason ? `: ${task.reason}` : ""}`];
    lines.push(task.stateText);
    if (task.question !== null) lines.push(task.question.text);
    lines.push(task.brief);
    if (run.waves.length > 1) lines.push(waveText(task, run));
    if (task.evidence !== null) lines.push(evidenceText(task.evidence));
    if (task.checkoutText !== null) lines.push(task.checkoutText);
    if (task.bouncedText !== "") lines.push(task.bouncedText);
    if (task.mergedText !== "") lines.push(task.mergedText);
    const { liveOverlaps } = this.run;
    lines.push(
      ...liveOverlaps.filter((one) => one.taskId === task.id || one.otherId === task.id).map((one) => one.text),
    );
    if (task.heldText !== null) lines.push(task.heldText);
    if (task.remaining !== "") lines.push(vscode.l10n.t("Left to do: {0}", task.remaining));
    return new vscode.MarkdownString(paragraphs(task.title, lines));
  }
}

/** Whether a Task that did not fit the others is back with an agent. */
function isBack(task: TaskView): boolean {
  return task.bouncedText !== "" && task.state !== "accepted";
}
