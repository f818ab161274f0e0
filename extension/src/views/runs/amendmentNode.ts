/** A change that the user made in review: it can be taken back. */
import * as vscode from "vscode";
import type { AmendmentView, RunView } from "../../generated/protocol";
import type { Node } from "../node";

/** A rejected change, a rejected file or an edit in the Runs view. */
export class AmendmentNode implements Node {
  constructor(
    readonly run: RunView,
    readonly amendment: AmendmentView,
  ) {}

  item(): vscode.TreeItem {
    const { run, amendment } = this;
    const item = new vscode.TreeItem(amendment.label);
    item.id = `amendment:${run.id}:${amendment.id}`;
    item.description = amendment.firstLine;
    item.iconPath = new vscode.ThemeIcon(amendment.isEdit ? "edit" : "circle-slash");
    item.contextValue = "amendment";
    item.tooltip = new vscode.MarkdownString().appendCodeblock(amendment.detail || amendment.label, "diff");
    return item;
  }

  children(): readonly Node[] {
    return [];
  }
}
