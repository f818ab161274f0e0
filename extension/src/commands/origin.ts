/** From a line of a review to the turn of the agent that wrote it. */
import * as vscode from "vscode";
import type { Command } from "../application";
import { Requests } from "../generated/protocol";
import { REVIEW_SCHEME } from "../reviewFiles";
import { parseSide } from "../reviewPlan";

/** Opens the transcript at the turn that wrote the line at the cursor; says so where no agent did. */
export const whoWroteLine: Command = async (app) => {
  const editor = vscode.window.activeTextEditor;
  if (editor?.document.uri.scheme !== REVIEW_SCHEME) {
    void vscode.window.showInformationMessage(vscode.l10n.t("Put the cursor on a line of a review."));
    return;
  }
  const { runId, taskId, path } = parseSide(editor.document.uri.query);
  const line = editor.selection.active.line + 1;
  const { attempt, turn, text } = await app.daemon.request(Requests.taskOrigin, { runId, taskId, path, line });
  if (attempt === null || turn === null) {
    void vscode.window.showInformationMessage(text);
    return;
  }
  const title = app.store.run(runId)?.tasks.find(({ id }) => id === taskId)?.title ?? taskId;
  await app.transcripts.open(title, { runId, taskId, attempt }, turn);
};
