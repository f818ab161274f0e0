/** What a review shows, and in which order: pure. */
import type { FileChange, FileReviewView, HunkView, RunView, TaskReviewView, TaskView } from "./generated/protocol";

/** One file's change by one Task. */
export interface ReviewEntry {
  readonly task: TaskView;
  readonly change: FileChange;
}

/**
 * The changes of a Run by Task, riskiest first; of one Task alone if `taskId` is given.
 *
 * A whole Run shows what would be accepted: the Tasks that ended well. A Task that is named is shown as it is.
 */
export function reviewEntries(run: RunView, taskId?: string): readonly ReviewEntry[] {
  return tasksInOrder(run)
    .filter((task) => (taskId === undefined ? task.state === "accepted" : task.id === taskId))
    .flatMap((task) =>
      changesInOrder(run, task)
        .filter(({ path }) => fileReview(run, task, path)?.isRejected !== true)
        .map((change) => ({ task, change })),
    );
}

/** The Tasks of a Run: those of a result riskiest first, as the daemon tells them, the others by wave. */
export function tasksInOrder(run: RunView): readonly TaskView[] {
  const order = new Map([...run.review.map(({ taskId }) => taskId), ...run.waves.flat()].map((id, at) => [id, at]));
  for (const [at, { taskId }] of run.review.entries()) order.set(taskId, at - run.review.length);
  return [...run.tasks].sort((one, other) => (order.get(one.id) ?? 0) - (order.get(other.id) ?? 0));
}

/** The changed files of a Task, riskiest first. */
export function changesInOrder(run: RunView, task: TaskView): readonly FileChange[] {
  const files = taskReview(run, task)?.files.map(({ path }) => path);
  if (files === undefined) return [...task.changes].sort(riskyFirst);
  return [...task.changes].sort((one, other) => files.indexOf(one.path) - files.indexOf(other.path));
}

/** What the review says of a Task; undefined if it is not in the result. */
export function taskReview(run: RunView, task: TaskView): TaskReviewView | undefined {
  return run.review.find(({ taskId }) => taskId === task.id);
}

/** What the review says of one file of a Task. */
export function fileReview(run: RunView, task: TaskView, path: string): FileReviewView | undefined {
  return taskReview(run, task)?.files.find((file) => file.path === path);
}

/** Whether a Run waits for review, or has nothing left of its result because all of it was rejected. */
export function isInReview(run: RunView): boolean {
  return run.state === "review" || (run.state === "failed" && run.review.length > 0);
}

/** Whether the user can change the result by way of this side of a diff. */
export function isEditable(run: RunView | undefined, { taskId, side }: ReviewSide): boolean {
  const task = run?.tasks.find(({ id }) => id === taskId);
  return run?.state === "review" && side === "after" && task?.state === "accepted";
}

/** The change at a line, counted from 1; one that only removes lines stands at the line after them. */
export function hunkAt(hunks: readonly HunkView[], line: number): HunkView | undefined {
  return (
    hunks.find((hunk) => hunk.line <= line && line < hunk.line + hunk.lines) ??
    hunks.find((hunk) => hunk.lines === 0 && (hunk.line === line || hunk.line === line + 1))
  );
}

/** One side of one diff, as the query of a virtual document. */
export interface ReviewSide {
  readonly runId: string;
  readonly taskId: string;
  readonly path: string;
  readonly side: "base" | "before" | "after";
}

/** The query of a side's document; the document's own path is for people. */
export function sideQuery(side: ReviewSide): string {
  return new URLSearchParams({ ...side }).toString();
}

/** The side that a document's query names. Throws if it names none. */
export function parseSide(query: string): ReviewSide {
  const values = new URLSearchParams(query);
  const [runId, taskId, path, side] = ["runId", "taskId", "path", "side"].map((name) => values.get(name));
  if (!runId || !taskId || !path || (side !== "base" && side !== "before" && side !== "after")) {
    throw new Error(`${query} names no side of a review`);
  }
  return { runId, taskId, path, side };
}

/** `/Round half up/parcel/money.py`: how a file is called in a review, with its Task in place of a root folder. */
export function labelPath(task: TaskView, path: string): string {
  return `/${task.title.replace(/[/\\]/g, " ")}/${path}`;
}

/** A text of at most `length` characters, cut at a word where that is possible. */
export function clip(text: string, length: number): string {
  if (text.length <= length) return text;
  const cut = text.slice(0, length - 1);
  const word = cut.lastIndexOf(" ");
  return `${word > length / 2 ? cut.slice(0, word) : cut}…`;
}

/** Files that ask for a look come first. */
function riskyFirst(one: FileChange, other: FileChange): number {
  return Number(one.flag === "") - Number(other.flag === "") || one.path.localeCompare(other.path);
}

/** The text of a file that was saved, with its mark of byte order if it has one; undefined if it is not UTF-8. */
export function textToKeep(content: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    return undefined;
  }
}
