/** A folder with Todos; shown only where several folders are open. */
import * as vscode from "vscode";
import { folderName } from "../../folders";
import type { Node } from "../tree";
import type { TodoFileNode } from "./fileNode";

/** A workspace folder in the Todos view. */
export class TodoFolderNode implements Node {
  constructor(
    private readonly folder: string,
    private readonly files: readonly TodoFileNode[],
  ) {}

  item(): vscode.TreeItem {
    const item = new vscode.TreeItem(folderName(this.folder), vscode.TreeItemCollapsibleState.Expanded);
    item.id = `todoFolder:${this.folder}`;
    item.iconPath = vscode.ThemeIcon.Folder;
    item.description = String(this.files.reduce((sum, file) => sum + file.todos.length, 0));
    item.contextValue = "todoFolder";
    return item;
  }

  children(): readonly Node[] {
    return this.files;
  }
}
