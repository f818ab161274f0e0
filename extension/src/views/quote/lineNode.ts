/** A row that only tells something: the price, the tests, a warning, a file of a Task. */
import * as vscode from "vscode";
import type { Node } from "../node";

/** What a row tells, and how it looks. */
export interface Line {
  /** Stable among its neighbours. */
  readonly id: string;
  readonly label: string;
  readonly description?: string;
  readonly icon: vscode.ThemeIcon;
  /** All of it, where the row is too short. */
  readonly tooltip?: string;
  /** What menus go by. */
  readonly token?: string;
  readonly command?: vscode.Command;
  /** What is told below it, folded up at first. */
  readonly below?: readonly Line[];
}

/** One line of a Quote. */
export class LineNode implements Node {
  constructor(private readonly line: Line) {}

  item(): vscode.TreeItem {
    const { id, label, description, icon, token, tooltip, command, below } = this.line;
    const { None, Collapsed } = vscode.TreeItemCollapsibleState;
    const item = new vscode.TreeItem(label, below?.length ? Collapsed : None);
    item.id = id;
    item.description = description;
    item.iconPath = icon;
    item.contextValue = token;
    item.tooltip = tooltip ?? label;
    item.command = command;
    item.accessibilityInformation = { label: [label, description].filter(Boolean).join(", ") };
    return item;
  }

  children(): readonly Node[] {
    return (this.line.below ?? []).map((line) => new LineNode(line));
  }
}
