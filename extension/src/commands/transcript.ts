/** Commands on a transcript: open it, what stands before, what a turn changed. */
import * as vscode from "vscode";
import type { Command } from "../application";
import { attemptOf, TRANSCRIPT } from "../transcript/documents";
import { openTurnChanges } from "../transcript/turnChanges";
import { AttemptNode } from "../views/runs/attemptNode";
import { chooseTask, taskCan } from "./subjects";

/** What an agent was told and did; live while it works. */
export const openTranscript: Command = async (app, ...args) => {
  const nothing = vscode.l10n.t("No agent has started yet.");
  const found = await chooseTask(app, args, taskCan("readable"), nothing);
  if (found === undefined) return;
  const { run, task } = found;
  const [first] = args;
  const attempt = first instanceof AttemptNode ? first.attempt.number : (task.attempts.at(-1)?.number ?? 1);
  await app.transcripts.open(task.title, { runId: run.id, taskId: task.id, attempt });
};

/** Fetches the part before what the transcript shows. */
export const showEarlierTurns: Command = async (app, ...args) => {
  const uri = transcriptOf(args);
  if (uri !== undefined) await app.transcripts.showEarlier(uri);
};

/** What a turn changed, as a diff: the one named, or the one at the cursor. */
export const showTurnChanges: Command = async (app, ...args) => {
  const uri = transcriptOf(args);
  if (uri === undefined) return;
  const line = vscode.window.activeTextEditor?.selection.active.line ?? 0;
  const turn = typeof args[1] === "number" ? args[1] : app.transcripts.textOf(uri)?.turnAt(line);
  if (turn === undefined) {
    void vscode.window.showInformationMessage(vscode.l10n.t("Put the cursor on a turn of a transcript."));
    return;
  }
  await openTurnChanges(attemptOf(uri), turn);
};

function transcriptOf(args: readonly unknown[]): vscode.Uri | undefined {
  const uri = args[0] instanceof vscode.Uri ? args[0] : vscode.window.activeTextEditor?.document.uri;
  if (uri?.scheme === TRANSCRIPT) return uri;
  void vscode.window.showInformationMessage(vscode.l10n.t("Put the cursor on a turn of a transcript."));
  return undefined;
}
