/** Which Run or Task a command is about: a tree row, ids, the open review, or one that the user picks. */
import * as vscode from "vscode";
import type { Application } from "../application";
import type { RunView, TaskView } from "../generated/protocol";
import { AttemptNode } from "../views/runs/attemptNode";
import { RunNode } from "../views/runs/runNode";
import { TaskNode } from "../views/runs/taskNode";
import { runLabel, runStateText, runTokens, taskDescription, taskTokens } from "../views/runs/words";

/** A Task together with its Run, both as the store knows them now. */
export interface Subject {
  readonly run: RunView;
  readonly task: TaskView;
}

/** What the daemon's code actions and code lenses hand to a command on a Run. */
function isRunTarget(value: unknown): value is { readonly runId: string } {
  return typeof value === "object" && value !== null && "runId" in value && typeof value.runId === "string";
}

function runIdOf(value: unknown): string | undefined {
  if (value instanceof RunNode || value instanceof TaskNode || value instanceof AttemptNode) return value.run.id;
  if (isRunTarget(value)) return value.runId;
  return typeof value === "string" ? value : undefined;
}

/**
 * The Run that a command is about; undefined if there is none or the user picks none.
 *
 * @param fits which Runs the command can be used on
 * @param nothing what to say if no Run fits
 */
export async function chooseRun(
  app: Application,
  args: readonly unknown[],
  fits: (run: RunView) => boolean,
  nothing: string,
): Promise<RunView | undefined> {
  const named = app.store.run(runIdOf(args[0]) ?? app.review.active() ?? "");
  if (named !== undefined && fits(named)) return named;
  const fitting = named === undefined ? app.store.runs().filter(fits) : [];
  if (fitting.length === 0) void vscode.window.showInformationMessage(nothing);
  if (fitting.length <= 1) return fitting[0];
  const items = fitting.map((run) => ({
    label: run.title,
    description: runLabel(run),
    detail: runStateText(run.state),
    run,
  }));
  return (await vscode.window.showQuickPick(items, { placeHolder: vscode.l10n.t("Which Run?") }))?.run;
}

/** The Task that a command's arguments name. */
export function namedTask(app: Application, args: readonly unknown[]): Subject | undefined {
  const [first, second] = args;
  const taskId =
    first instanceof TaskNode || first instanceof AttemptNode
      ? first.task.id
      : typeof second === "string"
        ? second
        : undefined;
  const run = app.store.run(runIdOf(first) ?? "");
  const task = run?.tasks.find(({ id }) => id === taskId);
  return run && task && { run, task };
}

/** The Task that a command is about; undefined if there is none or the user picks none. */
export async function chooseTask(
  app: Application,
  args: readonly unknown[],
  fits: (task: TaskView, run: RunView) => boolean,
  nothing: string,
): Promise<Subject | undefined> {
  const named = namedTask(app, args);
  if (named !== undefined && fits(named.task, named.run)) return named;
  const all = app.store.runs().flatMap((run) => run.tasks.map((task) => ({ run, task })));
  const fitting = named === undefined ? all.filter(({ run, task }) => fits(task, run)) : [];
  if (fitting.length === 0) void vscode.window.showInformationMessage(nothing);
  if (fitting.length <= 1) return fitting[0];
  const items = fitting.map((subject) => ({
    label: subject.task.title,
    description: taskDescription(subject.task),
    detail: subject.run.title,
    subject,
  }));
  return (await vscode.window.showQuickPick(items, { placeHolder: vscode.l10n.t("Which Task?") }))?.subject;
}

/** Whether a Task's menus offer what this word stands for. */
export const taskCan =
  (token: string) =>
  (task: TaskView, run: RunView): boolean =>
    taskTokens(task, run).split(" ").includes(token);

/** Whether a Run's menus offer what this word stands for. */
export const runCan =
  (token: string) =>
  (run: RunView): boolean =>
    runTokens(run).split(" ").includes(token);
