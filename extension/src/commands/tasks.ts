/** Commands on a Task: cancel, retry, tell, answer, result, worktree. */
import * as vscode from "vscode";
import type { Command } from "../application";
import { Requests, type TaskParams } from "../generated/protocol";
import { chooseTask, type Subject, taskCan } from "./subjects";

const ids = ({ run, task }: Subject): TaskParams => ({ runId: run.id, taskId: task.id });

/** Has no agent take a further turn on one Task, while the others go on. */
export const pauseTask: Command = async (app, ...args) => {
  const found = await chooseTask(app, args, taskCan("pausable"), vscode.l10n.t("No Task is going on."));
  if (found) app.store.setRun(await app.daemon.request(Requests.taskPause, ids(found)));
};

/** Lets a paused Task go on where it stood. */
export const resumeTask: Command = async (app, ...args) => {
  const found = await chooseTask(app, args, taskCan("resumable"), vscode.l10n.t("No Task is paused."));
  if (found) app.store.setRun(await app.daemon.request(Requests.taskResume, ids(found)));
};

/** Stops one Task. */
export const cancelTask: Command = async (app, ...args) => {
  const found = await chooseTask(app, args, taskCan("cancellable"), vscode.l10n.t("No Task is going on."));
  if (found) await app.daemon.request(Requests.taskCancel, { runId: found.run.id, taskId: found.task.id });
};

/** Does an ended Task again. */
export const retryTask: Command = async (app, ...args) => {
  const found = await chooseTask(app, args, taskCan("retryable"), vscode.l10n.t("No Task has failed."));
  if (found) await app.daemon.request(Requests.taskRetry, { runId: found.run.id, taskId: found.task.id });
};

/** Does an ended Task again from a rung that the user chooses by its price. */
export const retryTaskOnRung: Command = async (app, ...args) => {
  const found = await chooseTask(app, args, taskCan("retryable"), vscode.l10n.t("No Task has failed."));
  if (found === undefined) return;
  const subject = { runId: found.run.id, taskId: found.task.id };
  const { rungs, roomText } = await app.daemon.request(Requests.taskRungs, subject);
  const items = rungs.map(({ start, rung, price, tried }) => ({
    label: rung.text,
    description: tried ? vscode.l10n.t("tried already") : "",
    detail: price.text,
    start,
  }));
  const chosen = await vscode.window.showQuickPick(items, {
    title: found.task.title,
    placeHolder: vscode.l10n.t("Where its next agent works; {0} of the Run's budget is left", roomText),
    ignoreFocusOut: true,
  });
  if (chosen !== undefined) await app.daemon.request(Requests.taskRetry, { ...subject, start: chosen.start });
};

/** Takes a Task back to a turn of its newest attempt, and on by other words. */
export const rewindTask: Command = async (app, ...args) => {
  const found = await chooseTask(app, args, taskCan("readable"), vscode.l10n.t("No agent has started yet."));
  const attempt = found?.task.attempts.at(-1);
  if (found === undefined || attempt === undefined) return;
  const title = found.task.title;
  const turns = Array.from({ length: attempt.turns + 1 }, (_, turn) => ({
    label: turn === 0 ? vscode.l10n.t("Its start") : vscode.l10n.t("After turn {0}", turn),
    turn,
  })).reverse();
  const placeHolder = vscode.l10n.t("Files and conversation go back to there; what is there now is kept");
  const picked = await vscode.window.showQuickPick(turns, { title, placeHolder });
  if (picked === undefined) return;
  const prompt = vscode.l10n.t("What the agent is told there");
  const text = await vscode.window.showInputBox({ title, prompt, ignoreFocusOut: true });
  if (text === undefined || text.trim() === "") return;
  const where = { runId: found.run.id, taskId: found.task.id, attempt: attempt.number, turn: picked.turn };
  await app.daemon.request(Requests.taskRewind, { ...where, text: text.trim() });
};

/** Words for a working agent; they reach it with its next turn. */
export const tellAgent: Command = async (app, ...args) => {
  const found = await chooseTask(app, args, taskCan("tellable"), vscode.l10n.t("No agent is at work."));
  if (found === undefined) return;
  const text = await vscode.window.showInputBox({
    title: found.task.title,
    prompt: vscode.l10n.t("Tell the agent; it reads this with its next turn"),
    value: typeof args[2] === "string" ? args[2] : "",
    ignoreFocusOut: true,
  });
  if (text === undefined || text.trim() === "") return;
  await app.daemon.request(Requests.taskTell, { runId: found.run.id, taskId: found.task.id, text: text.trim() });
};

/** Answers an agent's question: one of its choices, or words. */
export const answerQuestion: Command = async (app, ...args) => {
  const found = await chooseTask(app, args, taskCan("answerable"), vscode.l10n.t("No agent asks anything."));
  const question = found?.task.question;
  if (found === undefined || !question) return;
  const other = vscode.l10n.t("Other…");
  const title = found.task.title;
  // Who came here by plain words has said the answer already, and only looks at it once more.
  const value = typeof args[2] === "string" ? args[2] : "";
  const choice =
    question.choices.length === 0 || value !== ""
      ? other
      : await vscode.window.showQuickPick([...question.choices, other], {
          title,
          placeHolder: question.text,
          ignoreFocusOut: true,
        });
  const text =
    choice === other
      ? await vscode.window.showInputBox({ title, prompt: question.text, value, ignoreFocusOut: true })
      : choice;
  if (text === undefined || text.trim() === "") return;
  await app.daemon.request(Requests.taskAnswer, { runId: found.run.id, taskId: found.task.id, text: text.trim() });
};

/** Starts the program from a Task's worktree, on the port that it holds, in a terminal. */
export const tryResult: Command = async (app, ...args) => {
  const nothing = vscode.l10n.t(
    "No Task's result can be tried now. The command comes from the setting contextune.run.",
  );
  const found = await chooseTask(app, args, taskCan("runnable"), nothing);
  const { worktree, port, title } = found?.task ?? {};
  if (!found?.run.runCommand || !worktree) return;
  const env = port ? { PORT: String(port) } : undefined;
  const terminal = vscode.window.createTerminal({ name: title, cwd: worktree, env });
  terminal.show();
  terminal.sendText(found.run.runCommand);
};

/** Opens a terminal in a Task's worktree, with the port that it holds. */
export const openTerminal: Command = async (app, ...args) => {
  const found = await chooseTask(app, args, taskCan("openable"), vscode.l10n.t("No Task holds a worktree now."));
  if (found === undefined || found.task.worktree === null) return;
  const { worktree, port, title } = found.task;
  const env = port === null ? {} : { PORT: String(port) };
  vscode.window.createTerminal({ name: title, cwd: vscode.Uri.file(worktree), env }).show();
};

/** Opens a Task's worktree in a window of its own, or runs the program from it, on the port that the Task holds. */
export const openWorktree: Command = async (app, ...args) => {
  const found = await chooseTask(app, args, taskCan("openable"), vscode.l10n.t("No Task holds a worktree now."));
  if (found === undefined || found.task.worktree === null) return;
  const { run, task } = found;
  const uri = vscode.Uri.file(found.task.worktree);
  if (run.runCommand !== null) {
    const open = vscode.l10n.t("Open in a new window");
    const start = vscode.l10n.t("Run {0}", run.runCommand);
    const choice = await vscode.window.showQuickPick([start, open], { title: task.title });
    if (choice === start) {
      const env = task.port === null ? {} : { PORT: String(task.port) };
      const terminal = vscode.window.createTerminal({ name: task.title, cwd: uri, env });
      terminal.show();
      terminal.sendText(run.runCommand);
    }
    if (choice !== open) return;
  }
  await vscode.commands.executeCommand("vscode.openFolder", uri, { forceNewWindow: true });
};
