/** What one Run cost, beside what it was quoted at. */
import * as vscode from "vscode";
import type { CostRun } from "../../generated/protocol";
import type { Node } from "../node";
import { runIcon } from "../runs/icons";
import { amountText, costRunTooltip } from "./words";

/** A Run in the Costs view. */
export class RunCostNode implements Node {
  constructor(private readonly run: CostRun) {}

  item(): vscode.TreeItem {
    const item = new vscode.TreeItem(amountText(this.run.bill));
    item.id = `runCost:${this.run.runId}`;
    item.description = this.run.title;
    item.tooltip = costRunTooltip(this.run);
    item.iconPath = runIcon(this.run.state);
    return item;
  }

  children(): readonly Node[] {
    return [];
  }
}
