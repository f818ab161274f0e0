/** Worktrees in words. */
import { l10n } from "vscode";
import type { WorktreeCleanResult, WorktreeView } from "./generated/protocol";

function size(worktrees: readonly WorktreeView[]): string {
  const megabytes = worktrees.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) / 1_000_000;
  return megabytes < 10 ? l10n.t("{0} MB", megabytes.toFixed(1)) : l10n.t("{0} MB", Math.round(megabytes));
}

function count(worktrees: readonly WorktreeView[]): string {
  return worktrees.length === 1 ? l10n.t("1 worktree") : l10n.t("{0} worktrees", worktrees.length);
}

/** What a clean-up would remove. */
export function removableText(worktrees: readonly WorktreeView[]): string {
  const text = l10n.t("No Run needs {0} ({1}).", count(worktrees), size(worktrees));
  if (!worktrees.some(({ dirty }) => dirty)) return text;
  return `${text} ${l10n.t("Uncommitted work in them is kept in Salvage refs.")}`;
}

/** What a clean-up removed. */
export function cleanedText({ worktrees, salvage }: WorktreeCleanResult): string {
  const text = l10n.t("Removed {0} ({1}).", count(worktrees), size(worktrees));
  return salvage.length === 0 ? text : `${text} ${l10n.t("Kept in Salvage refs: {0}", salvage.join(", "))}`;
}
