/** What a turn of an agent changed, as a read-only diff that the daemon makes. */
import * as vscode from "vscode";
import type { Daemon } from "../client";
import { Requests } from "../generated/protocol";
import { type Attempted, attemptOf } from "./documents";

const TURN = "contextune-turn";

/** Registers the documents. */
export function registerTurnChanges(daemon: Daemon): vscode.Disposable {
  return vscode.workspace.registerTextDocumentContentProvider(TURN, {
    async provideTextDocumentContent(uri) {
      const turn = Number(new URLSearchParams(uri.query).get("turn") ?? 0);
      return (await daemon.request(Requests.taskTurnChanges, { ...attemptOf(uri), turn })).diff;
    },
  });
}

/** Opens what a turn changed beside its transcript. */
export async function openTurnChanges({ runId, taskId, attempt }: Attempted, turn: number): Promise<void> {
  const query = new URLSearchParams({ runId, taskId, attempt: String(attempt), turn: String(turn) }).toString();
  const path = `/${vscode.l10n.t("Turn {0}", turn)}.diff`;
  const document = await vscode.workspace.openTextDocument(vscode.Uri.from({ scheme: TURN, path, query }));
  await vscode.window.showTextDocument(document, { viewColumn: vscode.ViewColumn.Beside });
}
