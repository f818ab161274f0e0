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
    .flatMap((task) =>
      [...task.changes].sort((one, other) => one.path.localeCompare(other.path)).map((change) => ({ task, change })),
    );
}

/** One side of one diff, as the query of a virtual document. */
export interface ReviewSide {
  readonly runId: string;
  readonly taskId: string;
  readonly path: string;
  readonly side: "before" | "after";
}

/** The query of a side's document. */
export function sideQuery({ runId, taskId, side }: ReviewSide): string {
  return new URLSearchParams({ runId, taskId, side }).toString();
}

/** The side that a document's path and query name. Throws if they name none. */
export function parseSide(path: string, query: string): ReviewSide {
  const values = new URLSearchParams(query);
  const runId = values.get("runId");
  const taskId = values.get("taskId");
  const side = values.get("side");
  if (runId === null || taskId === null || (side !== "before" && side !== "after")) {
    throw new Error(`${path}?${query} names no side of a review`);
  }
  return { runId, taskId, path: path.replace(/^\//, ""), side };
}
