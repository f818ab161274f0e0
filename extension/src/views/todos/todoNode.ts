/** One Todo: a row with a checkbox; a click opens its line. */
import { join } from "node:path";
import * as vscode from "vscode";
import type { PlacedTodo } from "../../store";
import type { Node } from "../tree";
import { todoDescription, todoLabel, todoTooltip } from "./words";

/** A Todo in the Todos view. */
export class TodoNode implements Node {
  constructor(
    readonly placed: PlacedTodo,
    private readonly checked: boolean,
  ) {}

  item(): vscode.TreeItem {
    const { folder, todo } = this.placed;
    const item = new vscode.TreeItem(todoLabel(todo));
    item.id = `todo:${folder}:${todo.id}`;
    item.description = todoDescription(todo);
    item.tooltip = new vscode.MarkdownString(todoTooltip(todo));
    item.contextValue = "todo";
    item.checkboxState = {
      state: this.checked ? vscode.TreeItemCheckboxState.Checked : vscode.TreeItemCheckboxState.Unchecked,
      tooltip: vscode.l10n.t("Tick to parallelize this TODO with others"),
    };
    const line = new vscode.Position(todo.line - 1, Math.max(0, todo.column - 1));
    item.command = {
      command: "vscode.open",
      title: vscode.l10n.t("Open the Line"),
      arguments: [vscode.Uri.file(join(folder, todo.path)), { selection: new vscode.Range(line, line) }],
    };
    return item;
  }

  children(): readonly Node[] {
    return [];
  }
}
