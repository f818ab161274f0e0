/** One sentence of the Costs view. */
import * as vscode from "vscode";
import type { Node } from "../node";

/** A sentence, with more of it in the tooltip. */
export class FactNode implements Node {
  constructor(
    private readonly fact: {
      readonly id: string;
      readonly label: string;
      readonly description?: string;
      readonly tooltip?: string;
      readonly icon: string;
    },
  ) {}

  item(): vscode.TreeItem {
    const { id, label, description = "", tooltip = label, icon } = this.fact;
    const item = new vscode.TreeItem(label);
    item.id = `fact:${id}`;
    item.description = description;
    item.tooltip = tooltip;
    item.iconPath = new vscode.ThemeIcon(icon);
    return item;
  }

  children(): readonly Node[] {
    return [];
  }
}
