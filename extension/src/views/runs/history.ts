/** Older Runs: by age, and found by words. */
import { l10n } from "vscode";
import type { RunView, TaskView } from "../../generated/protocol";
import { OPEN_RUN } from "../../store";
import { runStateText } from "./words";

/** How long ago a Run began, where that was before today. */
export type Age = "yesterday" | "week" | "older";

/** Runs of one age, newest first. */
export interface AgeGroup {
  readonly age: Age;
  readonly runs: readonly RunView[];
}

/** The Runs as the view shows them. */
export interface History {
  /** Runs of today, the newest, and those that still need something, however old. */
  readonly now: readonly RunView[];
  /** All others, the youngest group first; none is empty. */
  readonly groups: readonly AgeGroup[];
}

const AGES: readonly Age[] = ["yesterday", "week", "older"];

/** An age in a word or three. */
export function ageText(age: Age): string {
  const words: Record<Age, string> = {
    yesterday: l10n.t("Yesterday"),
    week: l10n.t("Last 7 days"),
    older: l10n.t("Older"),
  };
  return words[age];
}

/**
 * The Runs in which every word of the filter stands: in title, id, branch, state, or a Task's title, brief or Todo.
 *
 * @param runs newest first, as they are returned
 * @param todoText the words of a Todo that is still there
 */
export function found(
  runs: readonly RunView[],
  filter: string,
  todoText: (id: string) => string | undefined,
): readonly RunView[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return runs;
  return runs.filter((run) => {
    const ofTask = (task: TaskView) => [task.title, task.brief, ...task.todoIds.map((id) => todoText(id) ?? "")];
    const own = [run.title, run.id, run.branch ?? "", run.madeBranch ?? "", runStateText(run.state)];
    const text = [...own, ...run.tasks.flatMap(ofTask)].join("\n").toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/**
 * What is shown at once, and what by age.
 *
 * @param runs newest first
 * @param now milliseconds since the epoch; days begin at local midnight
 */
export function byAge(runs: readonly RunView[], now: number): History {
  const today = new Date(now);
  const midnight = (back: number) => new Date(today.getFullYear(), today.getMonth(), today.getDate() - back).getTime();
  const ageOf = ({ createdAt }: RunView): Age => {
    if (createdAt >= midnight(1)) return "yesterday";
    return createdAt >= midnight(6) ? "week" : "older";
  };
  const isNow = (run: RunView, index: number) => index === 0 || OPEN_RUN.has(run.state) || run.createdAt >= midnight(0);
  const past = runs.filter((run, index) => !isNow(run, index));
  const groups = AGES.map((age) => ({ age, runs: past.filter((run) => ageOf(run) === age) }));
  return { now: runs.filter(isNow), groups: groups.filter((group) => group.runs.length > 0) };
}

/** What the view says about its filter; undefined without one. */
export function filterText(filter: string, shown: number, all: number): string | undefined {
  if (filter === "") return undefined;
  if (shown === 0) return l10n.t("No Run has “{0}”.", filter);
  return l10n.t("{0} of {1} Runs, with “{2}”", shown, all, filter);
}
