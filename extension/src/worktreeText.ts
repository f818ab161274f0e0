/** Worktrees and Salvages in words, and the rows that a person picks from. */
import { l10n } from "vscode";
import type {
  FindingView,
  SalvageView,
  WorktreeCleanResult,
  WorktreeListResult,
  WorktreeMendResult,
  WorktreeView,
} from "./generated/protocol";

/** A row of the list of worktrees: one that can go, or the findings that can be mended. */
export interface CleanRow {
  readonly label: string;
  readonly description: string;
  readonly detail: string;
  /** Ticked at first: only what nobody needs and what holds no unfinished work. */
  readonly picked: boolean;
  /** The worktree that goes; undefined for the row that mends. */
  readonly path?: string;
  /** Why it stays even if it is ticked; undefined for one that can go. */
  readonly stays?: string;
}

/** A row of the list of Salvages. */
export interface SalvageRow {
  readonly label: string;
  readonly description: string;
  readonly detail: string;
  readonly ref: string;
}

const STATES: Readonly<Record<string, string>> = {
  accepted: l10n.t("accepted"),
  undone: l10n.t("undone"),
  discarded: l10n.t("discarded"),
  cancelled: l10n.t("cancelled"),
  failed: l10n.t("failed"),
  running: l10n.t("running"),
  paused: l10n.t("paused"),
  parked: l10n.t("budget reached"),
  review: l10n.t("ready for review"),
};

function count(worktrees: readonly WorktreeView[]): string {
  return worktrees.length === 1 ? l10n.t("1 worktree") : l10n.t("{0} worktrees", worktrees.length);
}

function size(worktrees: readonly WorktreeView[]): string {
  const [only] = worktrees;
  if (only !== undefined && worktrees.length === 1) return only.sizeText;
  const bytes = worktrees.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (bytes < 1_000_000) return l10n.t("{0} kB", Math.round(bytes / 1000));
  const megabytes = bytes / 1_000_000;
  return l10n.t("{0} MB", megabytes < 10 ? megabytes.toFixed(1) : Math.round(megabytes));
}

function findingsOf(list: WorktreeListResult): readonly FindingView[] {
  return [...list.worktrees.flatMap(({ findings }) => findings), ...list.findings];
}

/** A worktree that is no Task's: that of the Ghost, where all of a Run's Tasks come together, or one of nobody. */
function nameOf({ taskId, runId, path }: WorktreeView): string {
  if (taskId === "ghost" && runId !== null) return l10n.t("All Tasks together ({0})", runId);
  return taskId ?? path;
}

function cleanRow(tree: WorktreeView): CleanRow {
  const state = STATES[tree.state ?? ""] ?? l10n.t("of no known Run");
  const dirty = tree.dirty && !tree.stays ? [l10n.t("Its unfinished work is kept.")] : [];
  const needed = tree.inUse ? [l10n.t("Its Run needs it.")] : [];
  const told = [...needed, ...dirty, ...tree.findings.map(({ text }) => text)].join(" ");
  return {
    label: tree.title ?? nameOf(tree),
    description: [tree.sizeText, state].join(", "),
    detail: [told, tree.path].filter((text) => text !== "").join(" "),
    picked: tree.removable && !tree.dirty,
    path: tree.path,
    ...(tree.stays ? { stays: told } : {}),
  };
}

/**
 * The table of all worktrees: first those that a clean-up takes, the oldest first, and what can be mended; then those
 * that it leaves, each with the reason.
 */
export function cleanRows(list: WorktreeListResult): readonly CleanRow[] {
  const able = findingsOf(list).filter(({ repair }) => repair !== null);
  const mend: CleanRow[] =
    able.length === 0
      ? []
      : [
          {
            label: able.length === 1 ? l10n.t("Mend 1 finding") : l10n.t("Mend {0} findings", able.length),
            description: l10n.t("nothing is lost by it"),
            detail: able.map(({ text, remedy }) => `${text} ${remedy}`).join(" "),
            picked: false,
          },
        ];
  const oldest = [...list.worktrees].sort((one, other) => one.changedAt - other.changedAt);
  const going = oldest.filter(({ removable }) => removable);
  const left = oldest.filter(({ removable }) => !removable);
  return [...going.map(cleanRow), ...mend, ...left.map(cleanRow)];
}

/** What all worktrees take, for the head of the list. */
export function diskText(list: WorktreeListResult): string {
  return l10n.t("Worktrees: {0}, {1}.", list.worktrees.length, list.diskText);
}

/** What a clean-up removed. */
export function cleanedText({ worktrees, salvage }: WorktreeCleanResult): string {
  const text = l10n.t("Removed {0} ({1}).", count(worktrees), size(worktrees));
  if (salvage.length === 0) return text;
  const kept =
    salvage.length === 1
      ? l10n.t("Unfinished work is kept in a Salvage.")
      : l10n.t("Unfinished work is kept in {0} Salvages.", salvage.length);
  return `${text} ${kept}`;
}

/** What stays although it was ticked, and why. */
export function staysText(chosen: readonly CleanRow[]): readonly string[] {
  return chosen.flatMap(({ label, stays }) => (stays === undefined ? [] : [l10n.t("“{0}” stays: {1}", label, stays)]));
}

/** What was mended, and why something was not. */
export function mendedText({ mended }: WorktreeMendResult): string {
  const failed = mended.filter(({ done }) => !done);
  const text = l10n.t("Mended {0} of {1}.", mended.length - failed.length, mended.length);
  return [text, ...failed.map((one) => one.text)].join(" ");
}

/** The Salvages to choose from, newest first; `titleOf` knows the Tasks of the Runs that are listed. */
export function salvageRows(
  salvages: readonly SalvageView[],
  titleOf: (salvage: SalvageView) => string | undefined = () => undefined,
): readonly SalvageRow[] {
  return salvages.map((one) => {
    const more = one.files > one.paths.length ? ["…"] : [];
    return {
      label: `${titleOf(one) ?? one.name} (${one.runId})`,
      description: new Date(one.at).toLocaleString(),
      detail: one.files === 0 ? l10n.t("commits alone") : [...one.paths, ...more].join(", "),
      ref: one.ref,
    };
  });
}
