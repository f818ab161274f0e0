/** The folders that are open. */
import * as vscode from "vscode";

/** Full paths of the open folders that are on disk. */
export function localFolders(): readonly string[] {
  const folders = vscode.workspace.workspaceFolders ?? [];
  return folders.filter(({ uri }) => uri.scheme === "file").map(({ uri }) => uri.fsPath);
}

/** The open folder that holds a file. */
export function folderOf(file: vscode.Uri): string | undefined {
  return vscode.workspace.getWorkspaceFolder(file)?.uri.fsPath;
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
