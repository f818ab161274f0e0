/** “Reject This Change” above each change of a Task, for those who show code lenses in diffs. */
import * as vscode from "vscode";
import type { Daemon } from "./client";
import { type HunkView, Requests } from "./generated/protocol";
import { REVIEW_SCHEME } from "./reviewFiles";
import { isEditable, parseSide, type ReviewSide } from "./reviewPlan";
import type { Store } from "./store";

/** The changes of the file that a document shows, of those that can be rejected one by one. */
export async function hunksOf(daemon: Daemon, { runId, taskId, path }: ReviewSide): Promise<readonly HunkView[]> {
  return (await daemon.request(Requests.reviewHunks, { runId, taskId, path })).hunks;
}

/** Registers the lenses. */
export function registerReviewLenses(daemon: Daemon, store: Store): vscode.Disposable {
  const changed = new vscode.EventEmitter<void>();
  // Nothing can be rejected while agents work, and VS Code asks for the lenses of every open editor anew.
  const unsubscribe = store.onChange((change) => {
    if (change.kind === "run" && (change.run.state === "review" || change.before?.state === "review")) changed.fire();
  });
  const provider: vscode.CodeLensProvider = {
    onDidChangeCodeLenses: changed.event,
    async provideCodeLenses(document) {
      const side = parseSide(document.uri.query);
      if (!isEditable(store.run(side.runId), side)) return [];
      return (await hunksOf(daemon, side)).map((hunk) => {
        const line = Math.min(hunk.line, document.lineCount) - 1;
        return new vscode.CodeLens(new vscode.Range(line, 0, line, 0), {
          command: "contextune.rejectChange",
          title: vscode.l10n.t("Reject This Change"),
          arguments: [document.uri, hunk.id],
        });
      });
    },
  };
  return vscode.Disposable.from(
    changed,
    { dispose: unsubscribe },
    vscode.languages.registerCodeLensProvider({ scheme: REVIEW_SCHEME }, provider),
  );
}
