/** The folders that are open. */
import { basename } from "node:path";
import * as vscode from "vscode";
import { areNested } from "./nested";

/** Full paths of the open folders that are on disk. */
export function localFolders(): readonly string[] {
  const folders = vscode.workspace.workspaceFolders ?? [];
  return folders.filter(({ uri }) => uri.scheme === "file").map(({ uri }) => uri.fsPath);
}

/** The open folder that holds a file. */
export function folderOf(file: vscode.Uri): string | undefined {
  return vscode.workspace.getWorkspaceFolder(file)?.uri.fsPath;
}

/** The folder that a person means who named none: the active editor's, or the first. */
export function currentFolder(): string | undefined {
  const active = vscode.window.activeTextEditor?.document.uri;
  return (active && folderOf(active)) ?? localFolders()[0];
}

/** What VS Code calls a folder. */
export function folderName(folder: string): string {
  const known = vscode.workspace.workspaceFolders?.find(({ uri }) => uri.fsPath === folder);
  return known?.name ?? basename(folder);
}

/** The name of the open folder that a repository belongs to, or its own; empty where a single folder is open. */
export function placeOf(repository: string): string {
  const folders = localFolders();
  if (folders.length < 2) return "";
  return folderName(folders.find((folder) => areNested(folder, repository)) ?? repository);
}

/**
 * The folder of a command that names none: the active editor's, or the only one, or the one that the user picks.
 *
 * Undefined if nothing is open or the user picks none.
 */
export async function chooseFolder(): Promise<string | undefined> {
  const active = vscode.window.activeTextEditor?.document.uri;
  const ofEditor = active ? folderOf(active) : undefined;
  const folders = localFolders();
  if (ofEditor !== undefined || folders.length <= 1) return ofEditor ?? folders[0];
  const picked = await vscode.window.showWorkspaceFolderPick({
    placeHolder: vscode.l10n.t("In which folder?"),
  });
  return picked?.uri.fsPath;
}
