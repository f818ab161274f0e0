/** What could be cheaper, with a way to set it. */
import * as vscode from "vscode";
import type { SuggestionView } from "../../generated/protocol";
import type { Node } from "../node";
import { suggestionTooltip } from "./words";

/** A suggestion in the Costs view; one that names a setting can be applied. */
export class SuggestionNode implements Node {
  constructor(readonly suggestion: SuggestionView) {}

  item(): vscode.TreeItem {
    const { id, sentence, weeklyText, apply } = this.suggestion;
    const item = new vscode.TreeItem(weeklyText === "" ? sentence : weeklyText);
    item.id = `suggestion:${id}`;
    item.description = weeklyText === "" ? "" : sentence;
    item.tooltip = new vscode.MarkdownString(suggestionTooltip(this.suggestion));
    item.iconPath = new vscode.ThemeIcon("lightbulb");
    item.contextValue = apply === null ? "suggestion" : "suggestion applicable";
    return item;
  }

  children(): readonly Node[] {
    return [];
  }
}
