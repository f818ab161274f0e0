/** Commands on a Run: review, accept, undo, discard, pause, cancel. */
import * as vscode from "vscode";
import type { Application, Command } from "../application";
import { Requests, type RunAcceptParams, type RunView } from "../generated/protocol";
import { isAtOwnBudget } from "../parkedText";
import { passedTasks, runTokens } from "../views/runs/words";
import { chooseRun, namedTask } from "./subjects";
import { unsavedKept } from "./unsaved";

const can =
  (token: string) =>
  (run: RunView): boolean =>
    runTokens(run).split(" ").includes(token);

/** The diffs of a Run, or of one Task of it, by Task. */
export const reviewRun: Command = async (app, ...args) => {
  const subject = namedTask(app, args);
  const nothing = vscode.l10n.t("There is nothing to review: no Task has changed a file yet.");
  const run = subject?.run ?? (await chooseRun(app, args, can("reviewable"), nothing));
  if (run === undefined) return;
  if (!(await app.review.open(run, subject?.task.id))) void vscode.window.showInformationMessage(nothing);
};

type AcceptMode = NonNullable<RunAcceptParams["mode"]>;

function acceptMode(): AcceptMode {
  const set = vscode.workspace.getConfiguration("contextune").get<RunAcceptParams["mode"]>("accept");
  return set === undefined || set === "none" ? "merge" : set;
}

/** The changed files that ask for a look, once the user has seen their names; undefined to stop. */
async function flaggedSeen(run: RunView): Promise<string[] | undefined> {
  const flagged = run.changes.filter((change) => change.flag !== "");
  if (flagged.length === 0) return [];
  const accept = vscode.l10n.t("Accept");
  const review = vscode.l10n.t("Review");
  const chosen = await vscode.window.showWarningMessage(
    vscode.l10n.t("This Run changes files that ask for a look."),
    { modal: true, detail: flagged.map((change) => `${change.path}: ${change.flag}`).join("\n") },
    accept,
    review,
  );
  if (chosen === review) void vscode.commands.executeCommand("contextune.reviewRun", run.id);
  return chosen === accept ? flagged.map((change) => change.path) : undefined;
}

/** Moves the user's branch to the result, once. */
export const acceptRun: Command = async (app, ...args) => acceptAs(app, args, acceptMode());

/** Accepts a Run: onto the user's branch, or as a pull request beside it. */
export async function acceptAs(app: Application, args: readonly unknown[], mode: AcceptMode): Promise<void> {
  const run = await chooseRun(app, args, can("acceptable"), vscode.l10n.t("No Run is ready to be accepted."));
  if (run === undefined) return;
  const seen = await flaggedSeen(run);
  if (seen === undefined) return;
  if (!(mode === "pr" ? await app.forge.ready() : await unsavedKept(run))) return;
  const asked: RunAcceptParams = { runId: run.id, mode, seen };
  try {
    await accept(app, asked);
  } catch (error) {
    // A Task may not fit what the branch has become: the others can go without it.
    const without = await leftOut(run, error);
    if (without !== undefined) await accept(app, { ...asked, without });
  }
}

async function accept(app: Application, asked: RunAcceptParams): Promise<void> {
  const changed = await app.daemon.request(Requests.runAccept, asked);
  app.store.setRun(changed);
  const { run } = changed;
  if (run.acceptedAs === "pr") return tellPull(run);
  const undo = vscode.l10n.t("Undo");
  const move = vscode.l10n.t("Move {0} Itself", run.branch ?? "HEAD");
  const text =
    run.madeBranch === null
      ? vscode.l10n.t("Accepted on {0}: {1} of {2} Tasks.", run.branch ?? "HEAD", passedTasks(run), run.tasks.length)
      : vscode.l10n.t("{0} is protected, so the branch {1} holds the result.", run.branch ?? "HEAD", run.madeBranch);
  const pull = vscode.l10n.t("Open Pull Request");
  const offered = [...(run.madeBranch === null ? [] : [pull, move]), ...(run.canUndo ? [undo] : [])];
  void vscode.window.showInformationMessage(text, ...offered).then(async (chosen) => {
    if (chosen === undo) await vscode.commands.executeCommand("contextune.undoRun", run.id);
    if (chosen === pull && !(await app.forge.ready())) return;
    if (chosen !== move && chosen !== pull) return;
    await app.daemon.request(Requests.runUndo, { runId: run.id });
    await accept(app, chosen === pull ? { ...asked, mode: "pr" } : { ...asked, ontoProtected: true });
  });
}

/** Where the pull request of an accepted Run stands; it can be opened in a browser. */
function tellPull(run: RunView): void {
  const [pull] = run.pulls;
  if (pull === undefined) {
    void vscode.window.showWarningMessage(vscode.l10n.t("Accepted, and the pull request waits. {0}", run.forgeWaits));
    return;
  }
  const open = vscode.l10n.t("Open in Browser");
  void vscode.window.showInformationMessage(`${pull.text}.`, open).then((chosen) => {
    if (chosen === open) void vscode.env.openExternal(vscode.Uri.parse(pull.url));
  });
}

/** The Tasks that the user leaves out after a refusal; undefined if none, or if it is no such refusal. */
async function leftOut(run: RunView, error: unknown): Promise<string[] | undefined> {
  const passed = run.tasks.filter((task) => task.state === "accepted");
  if (!(error instanceof Error) || passed.length < 2) throw error;
  const choose = vscode.l10n.t("Leave Tasks Out…");
  if ((await vscode.window.showErrorMessage(error.message, choose)) !== choose) return undefined;
  const rows = passed.map((task) => ({ label: task.title, description: task.id, id: task.id }));
  const picked = await vscode.window.showQuickPick(rows, {
    canPickMany: true,
    title: vscode.l10n.t("Tasks to Leave Out"),
  });
  return picked === undefined || picked.length === 0 ? undefined : picked.map((row) => row.id);
}

/** Has a Run follow its branch, which has moved since it began. */
export const rebaseRun: Command = async (app, ...args) => {
  const fits = (run: RunView): boolean => can("acceptable")(run) || can("cancellable")(run);
  const run = await chooseRun(app, args, fits, vscode.l10n.t("No Run is going on."));
  if (run === undefined) return;
  const changed = await app.daemon.request(Requests.runRebase, { runId: run.id });
  app.store.setRun(changed);
  const told = changed.run.notes.at(-1);
  if (changed.run.notes.length > run.notes.length && told !== undefined)
    void vscode.window.showInformationMessage(told);
};

/** Moves the user's branch back. */
export const undoRun: Command = async (app, ...args) => {
  const run = await chooseRun(app, args, can("undoable"), vscode.l10n.t("No accepted Run can be undone."));
  if (run === undefined) return;
  const changed = await app.daemon.request(Requests.runUndo, { runId: run.id });
  app.store.setRun(changed);
  void vscode.window.showInformationMessage(vscode.l10n.t("Undone: {0}", changed.run.undoneText));
};

/** Drops the result; Salvage refs keep it. */
export const discardRun: Command = async (app, ...args) => {
  const run = await chooseRun(app, args, can("discardable"), vscode.l10n.t("No Run waits for review."));
  if (run === undefined) return;
  app.store.setRun(await app.daemon.request(Requests.runDiscard, { runId: run.id }));
  void vscode.window.showInformationMessage(
    vscode.l10n.t("“{0}” was discarded. Its work is kept in Salvage refs of the repository.", run.title),
  );
};

/** Pauses a Run, or lets it go on; for one that is parked at its own budget, a new one is asked for. */
export const pauseRun: Command = async (app, ...args) => {
  const fits = (run: RunView): boolean => can("pausable")(run) || can("resumable")(run);
  const run = await chooseRun(app, args, fits, vscode.l10n.t("No Run is going on."));
  if (run === undefined) return;
  if (run.state === "running") {
    await app.daemon.request(Requests.runPause, { runId: run.id });
  } else if (run.state === "paused" || !isAtOwnBudget(run)) {
    await app.daemon.request(Requests.runResume, { runId: run.id });
  } else {
    const budget = await vscode.window.showInputBox({
      title: vscode.l10n.t("Raise the Budget"),
      prompt: vscode.l10n.t("Spent so far: {0} of {1}. The new budget in dollars:", run.bill.text, run.budgetText),
      validateInput: (value) =>
        /^\d+(\.\d+)?$/.test(value.trim()) ? undefined : vscode.l10n.t("Expected dollars, such as 2.50"),
    });
    if (budget !== undefined) await app.daemon.request(Requests.runResume, { runId: run.id, budget: budget.trim() });
  }
};

/** Stops a Run. */
export const cancelRun: Command = async (app, ...args) => {
  const run = await chooseRun(app, args, can("cancellable"), vscode.l10n.t("No Run is going on."));
  if (run !== undefined) await app.daemon.request(Requests.runCancel, { runId: run.id });
};
