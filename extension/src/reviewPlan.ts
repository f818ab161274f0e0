/** What a review shows, and in which order: pure. */
import type { FileChange, RunView, TaskView } from "./generated/protocol";

/** One file's change by one Task. */
export interface ReviewEntry {
  readonly task: TaskView;
  readonly change: FileChange;
}

/**
 * The changes of a Run by Task, in the order of the waves; of one Task alone if `taskId` is given.
 *
 * A whole Run shows what would be accepted: the Tasks that ended well. A Task that is named is shown as it is.
 */
export function reviewEntries(run: RunView, taskId?: string): readonly ReviewEntry[] {
  const order = new Map(run.waves.flat().map((id, index) => [id, index]));
  return run.tasks
    .filter((task) => (taskId === undefined ? task.state === "accepted" : task.id === taskId))
    .sort((one, other) => (order.get(one.id) ?? 0) - (order.get(other.id) ?? 0))
    .flatMap((task) => [...task.changes].sort(riskyFirst).map((change) => ({ task, change })));
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
