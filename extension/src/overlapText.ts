/** What two Tasks of a Quote share, in words, and what can be done about it. */
import { l10n } from "vscode";
import type { Overlap, QuoteArrangeParams, QuoteView } from "./generated/protocol";

/** Something that can be done about two Tasks. */
export interface OverlapChoice {
  readonly label: string;
  readonly detail: string;
  readonly params: QuoteArrangeParams;
}

/** The overlaps that a Task is part of. */
export function overlapsOf(quote: QuoteView, taskId: string): readonly Overlap[] {
  return quote.overlaps.filter(({ first, second }) => first === taskId || second === taskId);
}

function titleOf(quote: QuoteView, taskId: string): string {
  return quote.tasks.find(({ id }) => id === taskId)?.title ?? taskId;
}

function howTheyRun(overlap: Overlap): string {
  if (overlap.inOrder) return l10n.t("They go one after the other.");
  return overlap.allowed ? l10n.t("They run at the same time, as you chose.") : l10n.t("They run at the same time.");
}

/** `“A” and “B” both touch parse(). They go one after the other.` */
export function overlapText(overlap: Overlap): string {
  const reason = overlap.reason || l10n.t("Two Tasks touch {0}.", overlap.symbol ?? overlap.path);
  return `${reason} ${howTheyRun(overlap)}`;
}

/** The same for a row or a list, which draw no Markdown. */
export function overlapLine(overlap: Overlap): string {
  return overlapText(overlap).replaceAll("`", "");
}

/** `shares parse with “B”`, for the row of a Task. */
export function sharedText(quote: QuoteView, overlap: Overlap, taskId: string): string {
  const other = titleOf(quote, overlap.first === taskId ? overlap.second : overlap.first);
  return l10n.t("shares {0} with “{1}”", overlap.symbol ?? overlap.path, other);
}

/** The choices about the Tasks that a Task overlaps with, a pair once; not what is done already. */
export function choicesOf(quote: QuoteView, taskId: string): readonly OverlapChoice[] {
  const pairs = new Map(overlapsOf(quote, taskId).map((one) => [[one.first, one.second].sort().join("\n"), one]));
  return [...pairs.values()].flatMap((overlap): OverlapChoice[] => {
    const other = titleOf(quote, overlap.first === taskId ? overlap.second : overlap.first);
    const params = { quoteId: quote.id, first: overlap.first, second: overlap.second };
    const order: OverlapChoice = overlap.inOrder
      ? {
          label: l10n.t("Run at the same time as “{0}” anyway", other),
          detail: overlapLine(overlap),
          params: { ...params, choice: "together" },
        }
      : {
          label: l10n.t("Do it and “{0}” one after the other", other),
          detail: overlapLine(overlap),
          params: { ...params, choice: "serialise" },
        };
    const merge: OverlapChoice = {
      label: l10n.t("Do it and “{0}” in one Task", other),
      detail: overlapLine(overlap),
      params: { ...params, choice: "merge" },
    };
    return [order, merge];
  });
}
