/** The Tasks that may be worked on at the same time. */
import * as vscode from "vscode";
import type { QuoteView } from "../../generated/protocol";
import { taskCountText, waveHeading } from "../../quoteText";
import type { Node } from "../node";
import { QuotedTaskNode } from "./quotedTaskNode";

/** A wave in the Quote view; `number` counts from 1. */
export class WaveNode implements Node {
  constructor(
    readonly quote: QuoteView,
    readonly number: number,
  ) {}

  item(): vscode.TreeItem {
    const item = new vscode.TreeItem(waveHeading(this.number), vscode.TreeItemCollapsibleState.Expanded);
    item.id = `wave:${this.quote.id}:${this.number}`;
    item.contextValue = "wave";
    item.description = taskCountText(this.children().length);
    item.accessibilityInformation = { label: `${waveHeading(this.number)}, ${item.description}` };
    return item;
  }

  children(): readonly QuotedTaskNode[] {
    const ids = this.quote.waves[this.number - 1] ?? [];
    return this.quote.tasks.filter(({ id }) => ids.includes(id)).map((task) => new QuotedTaskNode(this.quote, task));
  }
}
