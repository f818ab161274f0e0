/** Commands of the review: reject a change or a file, take that back, comment. */
import * as vscode from "vscode";
import type { Application, Command } from "../application";
import { type HunkView, Requests, type RunChanged } from "../generated/protocol";
import { REVIEW_SCHEME } from "../reviewFiles";
import { hunksOf } from "../reviewLenses";
import { hunkAt, parseSide } from "../reviewPlan";
import { AmendmentNode } from "../views/runs/amendmentNode";
import { ChangeNode } from "../views/runs/changeNode";
import { evidenceText } from "../views/runs/words";
import { chooseRun } from "./subjects";

/** Takes the change at the cursor, or that of a code lens, out of the result. */
export const rejectChange: Command = async (app, ...args) => {
  const editor = vscode.window.activeTextEditor;
  const uri = args[0] instanceof vscode.Uri ? args[0] : editor?.document.uri;
  if (uri?.scheme !== REVIEW_SCHEME) {
    void vscode.window.showInformationMessage(vscode.l10n.t("Put the cursor on a change of a review, then reject it."));
    return;
  }
  const side = parseSide(uri.query);
  let hunk: Pick<HunkView, "id"> | undefined;
  if (typeof args[1] === "string") {
    hunk = { id: args[1] };
  } else if (editor?.document.uri.toString() === uri.toString()) {
    hunk = hunkAt(await hunksOf(app.daemon, side), editor.selection.active.line + 1);
  }
  if (hunk === undefined) {
    void vscode.window.showInformationMessage(vscode.l10n.t("There is no change at the cursor."));
    return;
  }
  const { runId, taskId, path } = side;
  await amended(app, app.daemon.request(Requests.reviewReject, { runId, taskId, path, hunk: hunk.id }));
};

/** Takes all that a Task changed of a file out of the result. */
export const rejectFile: Command = async (app, ...args) => {
  const [node] = args;
  if (!(node instanceof ChangeNode)) return;
  const { run, task, change } = node;
  const file = { runId: run.id, taskId: task.id, path: change.path };
  await amended(app, app.daemon.request(Requests.reviewReject, file));
};

/** Puts back what was rejected, or drops an edit. */
export const takeBackChange: Command = async (app, ...args) => {
  const [node] = args;
  if (!(node instanceof AmendmentNode)) return;
  const which = { runId: node.run.id, amendmentId: node.amendment.id };
  await amended(app, app.daemon.request(Requests.reviewTakeBack, which));
};

/** Keeps a comment on a line. */
export const addComment: Command = (app, ...args) => app.comments.add(args[0]);

/** Takes an open comment back. */
export const removeComment: Command = (app, ...args) => app.comments.remove(args[0]);

/** Tells the agents all open comments of a Run at once. */
export const sendComments: Command = async (app, ...args) => {
  const nothing = vscode.l10n.t("There is no comment that was not sent.");
  const run = await chooseRun(app, args, ({ comments }) => comments.some(({ sent }) => !sent), nothing);
  if (run === undefined) return;
  app.store.setRun(await app.daemon.request(Requests.reviewSendComments, { runId: run.id }));
};

/** Whether the user still sees that the result was red, which the next change may have mended. */
let redIsTold = false;

/** Waits while the result is put together and tested, and tells what the Gate says of it. */
async function amended(app: Application, request: Promise<RunChanged>): Promise<void> {
  if (redIsTold) await vscode.commands.executeCommand("notifications.hideToasts");
  const title = vscode.l10n.t("The result is put together anew and tested…");
  const changed = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title },
    () => request,
  );
  app.store.setRun(changed);
  const { ghostEvidence } = changed.run;
  if (ghostEvidence?.verdict !== "red") return;
  const text = vscode.l10n.t(
    "The result is red now. {0}. Take the change back, or look at it before you accept.",
    evidenceText(ghostEvidence),
  );
  const review = vscode.l10n.t("Review");
  redIsTold = true;
  void vscode.window.showWarningMessage(text, review).then((chosen) => {
    redIsTold = false;
    if (chosen === review) void vscode.commands.executeCommand("contextune.reviewRun", changed.run.id);
  });
}
