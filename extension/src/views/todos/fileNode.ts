/** A file with Todos: its checkbox ticks all of them. */
import { join } from "node:path";
import * as vscode from "vscode";
import { type PlacedTodo, todoKey } from "../../store";
import type { Node } from "../node";
import { type TodoLook, TodoNode } from "./todoNode";

/** A file in the Todos view. */
export class TodoFileNode implements Node {
  constructor(
    readonly folder: string,
    readonly path: string,
    readonly todos: readonly PlacedTodo[],
    private readonly look: TodoLook,
  ) {}

  /** What tells it apart from every other row. */
  get key(): string {
    return `todoFile:${this.folder}:${this.path}`;
  }

  item(): vscode.TreeItem {
    const uri = vscode.Uri.file(join(this.folder, this.path));
    const item = new vscode.TreeItem(uri, vscode.TreeItemCollapsibleState.Expanded);
    const parent = this.path.split("/").slice(0, -1).join("/");
    item.id = this.key;
    item.iconPath = vscode.ThemeIcon.File;
    item.description = parent === "" ? String(this.todos.length) : `${parent} · ${this.todos.length}`;
    item.contextValue = "todoFile";
    item.checkboxState = this.todos.every((placed) => this.look.checked.has(todoKey(placed)))
      ? vscode.TreeItemCheckboxState.Checked
      : vscode.TreeItemCheckboxState.Unchecked;
    return item;
  }

  children(): readonly TodoNode[] {
    return this.todos.map((placed) => new TodoNode(placed, this.look));
  }
}
