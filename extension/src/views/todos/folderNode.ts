/** A folder with Todos; shown only where several folders are open. */
import * as vscode from "vscode";
import { folderName } from "../../folders";
import type { Node } from "../node";
import { TodoFileNode } from "./fileNode";
import type { TodoNode } from "./todoNode";

/** A workspace folder in the Todos view. */
export class TodoFolderNode implements Node {
  constructor(
    private readonly folder: string,
    private readonly rows: readonly TodoFileNode[] | readonly TodoNode[],
  ) {}

  item(): vscode.TreeItem {
    const item = new vscode.TreeItem(folderName(this.folder), vscode.TreeItemCollapsibleState.Expanded);
    item.id = `todoFolder:${this.folder}`;
    item.iconPath = vscode.ThemeIcon.Folder;
    item.description = String(this.#count());
    item.contextValue = "todoFolder";
    return item;
  }

  children(): readonly Node[] {
    return this.rows;
  }

  #count(): number {
    return [...this.rows].reduce((sum, row) => sum + (row instanceof TodoFileNode ? row.todos.length : 1), 0);
  }
}
