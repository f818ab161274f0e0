/** What the user has typed and not saved in files that a Run changes: saved first, so that Accept merges it. */
import { join } from "node:path";
import * as vscode from "vscode";
import type { RunView } from "../generated/protocol";
import { fileKey } from "../store";

/**
 * Saves them once the user has agreed; false if the user has not.
 *
 * Without that the editor would hold a text without the agents' work, and saving it later could undo that.
 */
export async function unsavedKept(run: RunView): Promise<boolean> {
  const changed = new Map(run.changes.map(({ path }) => [fileKey(join(run.repository, path)), path]));
  const unsaved = vscode.workspace.textDocuments.filter(
    ({ uri, isDirty }) => isDirty && uri.scheme === "file" && changed.has(fileKey(uri.fsPath)),
  );
  if (unsaved.length === 0) return true;
  const save = vscode.l10n.t("Save and Accept");
  const chosen = await vscode.window.showWarningMessage(
    vscode.l10n.t(
      "This Run changes files with unsaved edits of yours. They are saved first, and merged with its changes.",
    ),
    { modal: true, detail: unsaved.map(({ uri }) => changed.get(fileKey(uri.fsPath))).join("\n") },
    save,
  );
  if (chosen !== save) return false;
  const saved = await Promise.all(unsaved.map((document) => document.save()));
  return saved.every(Boolean);
}
