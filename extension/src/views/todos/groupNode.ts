/** Todos of one tag, owner or age: the checkbox ticks all of them. */
import * as vscode from "vscode";
import { type PlacedTodo, todoKey } from "../../store";
import type { Node } from "../node";
import type { TodoGroup } from "./grouping";
import { type TodoLook, TodoNode } from "./todoNode";

/** A group in the Todos view. */
export class TodoGroupNode implements Node {
  constructor(
    private readonly group: TodoGroup,
    private readonly look: TodoLook,
  ) {}

  /** The Todos below it. */
  get todos(): readonly PlacedTodo[] {
    return this.group.todos;
  }

  /** What tells it apart from every other row. */
  get key(): string {
    return `todoGroup:${this.group.key}`;
  }

  item(): vscode.TreeItem {
    const { label, icon, todos } = this.group;
    const item = new vscode.TreeItem(label, vscode.TreeItemCollapsibleState.Expanded);
    item.id = this.key;
    item.iconPath = new vscode.ThemeIcon(icon);
    item.description = String(todos.length);
    item.contextValue = "todoGroup";
    item.checkboxState = todos.every((placed) => this.look.checked.has(todoKey(placed)))
      ? vscode.TreeItemCheckboxState.Checked
      : vscode.TreeItemCheckboxState.Unchecked;
    return item;
  }

  children(): readonly TodoNode[] {
    return this.group.todos.map((placed) => new TodoNode(placed, this.look, `${this.group.key}:`));
  }
}
