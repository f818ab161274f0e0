/** One amount: a total, a day, a role on a model. */
import * as vscode from "vscode";
import type { BillView } from "../../generated/protocol";
import type { Node } from "../node";
import { amountText, billTooltip } from "./words";

/** What an amount is for. */
export interface Amount {
  readonly id: string;
  readonly name: string;
  readonly bill: BillView;
  readonly icon: string;
  /** Names that are long stand behind the amount, so that a narrow side bar cuts off the name. */
  readonly amountFirst?: boolean;
  readonly note?: string;
}

/** An amount in the Costs view. */
export class AmountNode implements Node {
  constructor(readonly amount: Amount) {}

  item(): vscode.TreeItem {
    const { id, name, bill, icon, amountFirst = false, note = "" } = this.amount;
    const item = new vscode.TreeItem(amountFirst ? amountText(bill) : name);
    item.id = `amount:${id}`;
    item.description = amountFirst ? name : amountText(bill);
    item.tooltip = [name, billTooltip(bill), note].filter((text) => text !== "").join("\n");
    item.iconPath = new vscode.ThemeIcon(icon);
    return item;
  }

  children(): readonly Node[] {
    return [];
  }
}
