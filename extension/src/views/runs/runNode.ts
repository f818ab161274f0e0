/** A Run: the root of its Tasks. */
import * as vscode from "vscode";
import { placeOf } from "../../folders";
import type { RunView } from "../../generated/protocol";
import { paragraphs } from "../../plainMarkdown";
import { tasksInOrder } from "../../reviewPlan";
import type { Node } from "../node";
import { forgeNodes } from "./forgeNode";
import { runIcon } from "./icons";
import { TaskNode } from "./taskNode";
import { billText, evidenceText, runDescription, runLabel, runStateText, runTokens } from "./words";

/** A Run in the Runs view. */
export class RunNode implements Node {
  constructor(
    readonly run: RunView,
    private readonly newest: boolean,
  ) {}

  item(): vscode.TreeItem {
    const { run } = this;
    const { Collapsed, Expanded } = vscode.TreeItemCollapsibleState;
    const item = new vscode.TreeItem(runLabel(run), this.newest ? Expanded : Collapsed);
    item.id = `run:${run.id}`;
    item.description = runDescription(run, placeOf(run.repository));
    item.iconPath = runIcon(run.state);
    item.contextValue = runTokens(run);
    return item;
  }

  children(): readonly Node[] {
    return [...tasksInOrder(this.run).map((task) => new TaskNode(this.run, task)), ...forgeNodes(this.run)];
  }

  tooltip(): vscode.MarkdownString {
    const { run } = this;
    const lines = [`${runStateText(run.state)}${run.reason ? `: ${run.reason}` : ""}`, run.stateText];
    const sonnet = run.bill.saving === null ? "" : vscode.l10n.t(" (all-Sonnet {0})", run.bill.atSonnetText);
    lines.push(vscode.l10n.t("{0} of a budget of {1}", billText(run.bill) + sonnet, run.budgetText));
    if (run.offline) lines.push(vscode.l10n.t("Offline model: scripted, no AI"));
    if (run.ghostEvidence) lines.push(evidenceText(run.ghostEvidence));
    lines.push(...run.liveOverlaps.map(({ text }) => text), ...run.notes, run.id);
    return new vscode.MarkdownString(paragraphs(run.title, lines));
  }
}
