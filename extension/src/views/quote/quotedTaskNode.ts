/** A Task of an open Quote: ticked if the Run will do it, with its brief, files and overlaps below. */
import * as vscode from "vscode";
import type { QuoteView, TaskQuoteView } from "../../generated/protocol";
import { overlapLine, overlapsOf } from "../../overlapText";
import { paragraphs } from "../../plainMarkdown";
import { quotedRow, quotedTokens } from "../../quoteText";
import type { Node } from "../node";
import { LineNode } from "./lineNode";

const { ThemeIcon } = vscode;

/** A Task in the Quote view. */
export class QuotedTaskNode implements Node {
  constructor(
    readonly quote: QuoteView,
    readonly task: TaskQuoteView,
  ) {}

  item(): vscode.TreeItem {
    const { quote, task } = this;
    const { label, description } = quotedRow(quote, task);
    const item = new vscode.TreeItem(label, vscode.TreeItemCollapsibleState.Collapsed);
    const { Checked, Unchecked } = vscode.TreeItemCheckboxState;
    const isIn = !quote.leftOut.includes(task.id);
    item.id = `quoted:${quote.id}:${task.id}`;
    item.description = description;
    item.contextValue = quotedTokens(quote, task);
    item.checkboxState = {
      state: isIn ? Checked : Unchecked,
      tooltip: isIn ? vscode.l10n.t("Leave it out") : vscode.l10n.t("Take it in"),
      accessibilityInformation: { label: vscode.l10n.t("Do “{0}”", task.title), role: "checkbox" },
    };
    item.accessibilityInformation = { label: `${label}, ${description}` };
    return item;
  }

  tooltip(): vscode.MarkdownString {
    const { task } = this;
    const price = `${task.price.text} · ${task.rung.text}`;
    return new vscode.MarkdownString(paragraphs(task.title, [price, task.reason, task.brief]));
  }

  children(): readonly Node[] {
    const { quote, task } = this;
    const start = `quoted:${quote.id}:${task.id}`;
    const begins = task.pinned ? vscode.l10n.t("pinned by you") : task.reason;
    return [
      new LineNode({
        id: `${start}:brief`,
        label: firstLine(task.brief),
        icon: new ThemeIcon("note"),
        tooltip: task.brief,
      }),
      new LineNode({
        id: `${start}:start`,
        label: vscode.l10n.t("Begins on {0}", task.rung.text),
        description: begins,
        icon: new ThemeIcon("rocket"),
        tooltip: task.reason,
      }),
      ...overlapsOf(quote, task.id).map(
        (overlap, index) =>
          new LineNode({
            id: `${start}:overlap:${index}`,
            label: overlapLine(overlap),
            icon: new ThemeIcon("git-compare", overlap.strong ? new vscode.ThemeColor("charts.yellow") : undefined),
          }),
      ),
      ...task.files.map(
        (path) => new LineNode({ id: `${start}:file:${path}`, label: path, icon: new ThemeIcon("file") }),
      ),
    ];
  }
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}
