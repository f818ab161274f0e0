/** An attempt: a click opens its transcript. */
import * as vscode from "vscode";
import type { AttemptView, RunView, TaskView } from "../../generated/protocol";
import { paragraphs } from "../../plainMarkdown";
import type { Node } from "../node";
import { outcomeIcon } from "./icons";
import { attemptDescription, attemptLabel, attemptTokens, evidenceText } from "./words";

/** An attempt in the Runs view. */
export class AttemptNode implements Node {
  constructor(
    readonly run: RunView,
    readonly task: TaskView,
    readonly attempt: AttemptView,
  ) {}

  item(): vscode.TreeItem {
    const { run, task, attempt } = this;
    const item = new vscode.TreeItem(attemptLabel(attempt, task));
    item.id = `attempt:${run.id}:${task.id}:${attempt.number}`;
    item.description = attemptDescription(attempt, task);
    item.iconPath = outcomeIcon(attempt, task);
    item.contextValue = attemptTokens(attempt, task, run);
    item.command = {
      command: "contextune.openTranscript",
      title: vscode.l10n.t("Open the Transcript"),
      arguments: [this],
    };
    return item;
  }

  tooltip(): vscode.MarkdownString {
    const { reason, summary, evidence } = this.attempt;
    return new vscode.MarkdownString(paragraphs("", [reason, summary, evidence ? evidenceText(evidence) : ""]));
  }

  children(): readonly Node[] {
    return [];
  }
}
