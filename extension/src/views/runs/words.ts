/** Runs, Tasks and attempts in words, and the tokens by which menus tell them apart. */
import { l10n } from "vscode";
import type { AttemptView, BillView, EvidenceView, FileChange, RunView, TaskView } from "../../generated/protocol";
import { besideSonnet } from "../../savingText";

type RunState = RunView["state"];
type TaskState = TaskView["state"];
type Outcome = AttemptView["outcome"];

const ENDED_TASK: ReadonlySet<TaskState> = new Set(["accepted", "failed", "cancelled", "skipped"]);
/** The role that merges what git could not. */
const RESOLVER = "conflict-resolver";
const BUSY_TASK: ReadonlySet<TaskState> = new Set(["working", "asking", "testing", "paused"]);

/** A Run's state in a word or three. */
export function runStateText(state: RunState): string {
  const words: Record<RunState, string> = {
    running: l10n.t("running"),
    paused: l10n.t("paused"),
    parked: l10n.t("budget reached"),
    review: l10n.t("ready for review"),
    accepted: l10n.t("accepted"),
    undone: l10n.t("undone"),
    discarded: l10n.t("discarded"),
    cancelled: l10n.t("cancelled"),
    failed: l10n.t("failed"),
  };
  return words[state];
}

/** A Task's state in a word or three. */
function taskStateText(state: TaskState): string {
  const words: Record<TaskState, string> = {
    waiting: l10n.t("waiting"),
    working: l10n.t("working"),
    asking: l10n.t("asks you"),
    testing: l10n.t("testing"),
    joining: l10n.t("joining the others"),
    paused: l10n.t("paused"),
    accepted: l10n.t("passed"),
    failed: l10n.t("failed"),
    cancelled: l10n.t("cancelled"),
    skipped: l10n.t("skipped"),
  };
  return words[state];
}

/** What a Task does now, in a word or three: a state, its Run's where it waits for that, or that it puts together what git could not merge. */
export function taskText({ state, halted, attempts }: TaskView): string {
  if (halted !== null) return runStateText(halted);
  const isResolving = state === "working" && attempts.at(-1)?.role === RESOLVER;
  return isResolving ? l10n.t("resolving a conflict") : taskStateText(state);
}

/** How an attempt ended, in a word or three. */
export function outcomeText(outcome: Outcome): string {
  const words: Record<Outcome, string> = {
    working: l10n.t("working"),
    green: l10n.t("tests green"),
    red: l10n.t("tests red"),
    limit: l10n.t("limit reached"),
    refused: l10n.t("declined"),
    cancelled: l10n.t("cancelled"),
    failed: l10n.t("failed"),
    handed_over: l10n.t("handed over"),
    stuck: l10n.t("went round in circles"),
    outdone: l10n.t("tests green, another was smaller"),
  };
  return words[outcome];
}

/** `$0.0123 −93 %`: money, and the saving against Sonnet where it can be told. */
export function billText({ text, saving }: Pick<BillView, "text" | "saving">): string {
  return saving === null ? text : `${text} ${besideSonnet(saving)}`;
}

/** How many Tasks of a Run have ended well. */
export function passedTasks(run: RunView): number {
  return run.tasks.filter(({ state }) => state === "accepted").length;
}

/** `3 of 8 · $0.0123 −93 %`: what changes comes first, since a narrow side bar cuts off what comes last. */
export function runLabel(run: RunView): string {
  return [l10n.t("{0} of {1}", passedTasks(run), run.tasks.length), billText(run.bill)].join(" · ");
}

/** `running · Six TODOs`, or `running elsewhere · Six TODOs`; with several folders open, `running · shop · Six TODOs`. */
export function runDescription(run: RunView, place = ""): string {
  return [drivenText(run), place, run.title].filter((part) => part !== "").join(" · ");
}

/** A Run's state, and where it is at work if not here. */
function drivenText(run: RunView): string {
  if (run.state !== "running" || run.driver === "here") return runStateText(run.state);
  return run.driver === "elsewhere" ? l10n.t("running elsewhere") : l10n.t("interrupted");
}

/** `$0.0031 · working · turn 4 · Haiku 5.5, low`; the row's icon tells the state where this is cut off. */
export function taskDescription(task: TaskView): string {
  const parts = task.bill.requests > 0 ? [task.bill.text] : [];
  parts.push(taskText(task));
  if (task.waitsForProcessor) parts.push(l10n.t("waits for a processor"));
  if (task.paused && task.state !== "paused") parts.push(l10n.t("then paused"));
  if (task.state === "waiting" && task.wave > 1) parts.push(l10n.t("wave {0}", task.wave));
  if (task.state === "accepted" && task.evidence?.verdict === "unproved") parts.push(l10n.t("unproved"));
  if (BUSY_TASK.has(task.state) && task.rung !== null) {
    if (task.turn > 0) parts.push(l10n.t("turn {0}", task.turn));
    parts.push(task.rung.text);
  }
  return parts.join(" · ");
}

/** `Attempt 2: Haiku 5.5, high`, or `Attempt 2: conflict-resolver, Sonnet 5.5, medium` where its role is not the first one's. */
export function attemptLabel({ number, role, rung }: AttemptView, { attempts }: TaskView): string {
  const isOther = role !== attempts[0]?.role;
  return isOther
    ? l10n.t("Attempt {0}: {1}, {2}", number, role, rung.text)
    : l10n.t("Attempt {0}: {1}", number, rung.text);
}

/** `tests red · turn 6 · $0.0031`; an attempt that waits for its Run reads as that does. */
export function attemptDescription(attempt: AttemptView, { halted }: TaskView): string {
  const isHalted = halted !== null && attempt.outcome === "working";
  const turns = attempt.turns === 1 ? l10n.t("1 turn") : l10n.t("{0} turns", attempt.turns);
  return [isHalted ? runStateText(halted) : outcomeText(attempt.outcome), turns, attempt.bill.text].join(" · ");
}

/** `Wave 2, after “Insure”`; the wave alone where a Task waits for none. */
export function waveText(task: TaskView, run: RunView): string {
  const before = run.tasks.filter(({ id }) => task.dependsOn.includes(id)).map(({ title }) => `“${title}”`);
  if (before.length === 0) return l10n.t("Wave {0}", task.wave);
  return l10n.t("Wave {0}, after {1}", task.wave, before.join(", "));
}

/** `+12 −3`. */
export function changeDescription(change: FileChange): string {
  const size = `+${change.insertions} −${change.deletions}`;
  if (change.before === null) return `${size} · ${l10n.t("new")}`;
  return change.after === null ? `${size} · ${l10n.t("removed")}` : size;
}

/** What the Gate saw, in one line. */
export function evidenceText(evidence: EvidenceView): string {
  const seconds = (evidence.durationMs / 1000).toFixed(1);
  const { whole } = evidence;
  const command = whole ? evidence.command : l10n.t("{0} (the tests that the change can affect)", evidence.command);
  switch (evidence.verdict) {
    case "green":
      return evidence.outdated.length === 0
        ? l10n.t("Gate green in {0} s: {1}", seconds, command)
        : l10n.t("Gate green in {0} s, {1} tests rewritten to fit: {2}", seconds, evidence.outdated.length, command);
    case "red":
      return l10n.t("Gate red after {0} s, {1} newly failing: {2}", seconds, evidence.newlyFailing.length, command);
    case "unproved":
      return l10n.t("Gate green in {0} s, but {1}: {2}", seconds, evidence.proof, command);
    case "unusable":
      return l10n.t("Gate without a verdict: {0}", command);
  }
}

/** Words by which `when` clauses tell what can be done with a Run. */
export function runTokens(run: RunView): string {
  const live = run.state === "running" || run.state === "paused" || run.state === "parked";
  const tokens = ["run"];
  const left = run.state === "running" && run.driver === "nobody";
  if (run.state === "running" && !left) tokens.push("pausable");
  if (run.state === "paused" || run.state === "parked" || left) tokens.push("resumable");
  if (live) tokens.push("cancellable");
  if (run.state !== "accepted" && run.state !== "undone" && run.state !== "discarded") tokens.push("adjustable");
  if (run.changes.length > 0 || run.tasks.some(({ changes }) => changes.length > 0)) tokens.push("reviewable");
  if (run.canAccept) tokens.push("acceptable");
  if (run.comments.some(({ sent }) => !sent)) tokens.push("commented");
  if (run.canUndo) tokens.push("undoable");
  if (run.pulls.length > 0) tokens.push("pulled");
  if (run.state === "review") tokens.push("discardable");
  return tokens.join(" ");
}

/** Words by which `when` clauses tell what can be done with a Task. */
export function taskTokens(task: TaskView, run: RunView): string {
  const tokens = ["task"];
  const over = ENDED_TASK.has(task.state);
  const closed = run.state === "accepted" || run.state === "undone" || run.state === "discarded";
  if (!over) tokens.push("cancellable", task.paused ? "resumable" : "pausable");
  if (task.isToBegin) tokens.push("movable");
  if (!over && task.state !== "asking") tokens.push("tellable");
  if (over && task.state !== "accepted" && !closed) tokens.push("retryable");
  if (task.state === "asking") tokens.push("answerable");
  if (task.toMerge.length > 0) tokens.push("mergeable");
  if (task.changes.length > 0) tokens.push("reviewable");
  if (task.attempts.length > 0) tokens.push("readable");
  if (task.worktree !== null) tokens.push("openable");
  if (task.worktree !== null && run.runCommand !== null) tokens.push("runnable");
  return tokens.join(" ");
}

/** Words by which `when` clauses tell what can be done from an attempt: the newest stands for its Task. */
export function attemptTokens(attempt: AttemptView, task: TaskView, run: RunView): string {
  if (attempt.number !== task.attempts.at(-1)?.number) return "attempt readable";
  return taskTokens(task, run).replace("task", "attempt");
}
