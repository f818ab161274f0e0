/** The icons of states. */
import { ThemeColor, ThemeIcon } from "vscode";
import type { AttemptView, RunView, TaskView } from "../../generated/protocol";

const icon = (id: string, color?: string): ThemeIcon =>
  color === undefined ? new ThemeIcon(id) : new ThemeIcon(id, new ThemeColor(color));

const runIcons: Record<RunView["state"], ThemeIcon> = {
  running: icon("sync~spin"),
  paused: icon("debug-pause"),
  parked: icon("debug-pause", "list.warningForeground"),
  review: icon("diff-multiple", "charts.blue"),
  accepted: icon("pass-filled", "testing.iconPassed"),
  undone: icon("discard"),
  discarded: icon("trash"),
  cancelled: icon("circle-slash"),
  failed: icon("error", "testing.iconFailed"),
};

const taskIcons: Record<TaskView["state"], ThemeIcon> = {
  waiting: icon("circle-outline"),
  working: icon("sync~spin"),
  asking: icon("question", "charts.yellow"),
  testing: icon("beaker", "charts.blue"),
  joining: icon("git-merge", "charts.blue"),
  paused: icon("debug-pause"),
  accepted: icon("pass", "testing.iconPassed"),
  failed: icon("error", "testing.iconFailed"),
  cancelled: icon("circle-slash"),
  skipped: icon("debug-step-over"),
};

const outcomeIcons: Record<AttemptView["outcome"], ThemeIcon> = {
  working: icon("sync~spin"),
  green: icon("pass", "testing.iconPassed"),
  red: icon("error", "testing.iconFailed"),
  limit: icon("watch", "list.warningForeground"),
  refused: icon("circle-slash", "list.warningForeground"),
  cancelled: icon("circle-slash"),
  failed: icon("warning", "list.warningForeground"),
  handed_over: icon("arrow-swap"),
  stuck: icon("sync-ignored", "list.warningForeground"),
  outdone: icon("pass"),
};

/** The icon of a Run's state. */
export function runIcon(state: RunView["state"]): ThemeIcon {
  return runIcons[state];
}

/** The icon of how a Task stands: its Run's, where it waits for that. */
export function taskIcon({ state, halted }: TaskView): ThemeIcon {
  return halted === null ? taskIcons[state] : runIcons[halted];
}

/** The icon of how an attempt ended; its Run's, where it waits for that. */
export function outcomeIcon({ outcome }: AttemptView, { halted }: TaskView): ThemeIcon {
  return halted !== null && outcome === "working" ? runIcons[halted] : outcomeIcons[outcome];
}
