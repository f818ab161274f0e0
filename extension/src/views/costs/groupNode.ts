/** A heading with rows below it. */
import * as vscode from "vscode";
import type { Node } from "../node";

/** A group of the Costs view. */
export class GroupNode implements Node {
  constructor(
    private readonly id: string,
    private readonly label: string,
    private readonly rows: readonly Node[],
    private readonly expanded: boolean,
  ) {}

  item(): vscode.TreeItem {
    const item = new vscode.TreeItem(
      this.label,
      this.expanded ? vscode.TreeItemCollapsibleState.Expanded : vscode.TreeItemCollapsibleState.Collapsed,
    );
    item.id = `group:${this.id}`;
    item.description = String(this.rows.length);
    return item;
  }

  children(): readonly Node[] {
    return this.rows;
  }
}
