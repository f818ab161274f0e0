/** One amount: a total, a day, a role on a model. */
import * as vscode from "vscode";
import type { BillView } from "../../generated/protocol";
import type { Node } from "../tree";
import { billDescription, billTooltip } from "./words";

/** An amount in the Costs view. */
export class AmountNode implements Node {
  constructor(
    private readonly id: string,
    private readonly label: string,
    private readonly bill: BillView,
    private readonly icon: string,
    private readonly note = "",
  ) {}

  item(): vscode.TreeItem {
    const item = new vscode.TreeItem(this.label);
    item.id = `amount:${this.id}`;
    item.description = billDescription(this.bill);
    item.tooltip = [billTooltip(this.bill), this.note].filter((text) => text !== "").join("\n\n");
    item.iconPath = new vscode.ThemeIcon(this.icon);
    return item;
  }

  children(): readonly Node[] {
    return [];
  }
}
