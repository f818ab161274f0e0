/** Older Runs of one age. */
import * as vscode from "vscode";
import type { Node } from "../node";
import { type AgeGroup, ageText } from "./history";
import { RunNode } from "./runNode";

/** A group in the Runs view: folded, or open where its Runs were searched for. */
export class AgeNode implements Node {
  constructor(
    private readonly group: AgeGroup,
    private readonly searched: boolean,
  ) {}

  item(): vscode.TreeItem {
    const { age, runs } = this.group;
    const { Collapsed, Expanded } = vscode.TreeItemCollapsibleState;
    const item = new vscode.TreeItem(ageText(age), this.searched ? Expanded : Collapsed);
    // VS Code keeps a row folded as it first was: one that is to be opened is another row.
    item.id = `${this.searched ? "found" : "age"}:${age}`;
    item.description = String(runs.length);
    item.iconPath = new vscode.ThemeIcon("history");
    item.contextValue = "age";
    return item;
  }

  children(): readonly RunNode[] {
    return this.group.runs.map((run) => new RunNode(run, false));
  }
}
