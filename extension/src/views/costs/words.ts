/** Money over time in words. */
import { l10n } from "vscode";
import type { BillView, CostRun, CostView, PerTodoView, SuggestionView } from "../../generated/protocol";
import { billText } from "../runs/words";

/** `$0.12 −93 %`. */
export function amountText(bill: BillView): string {
  return bill.requests === 0 ? l10n.t("nothing spent") : billText(bill);
}

/** What the same tokens would have cost at Sonnet's price, and the tokens and requests behind the amount. */
export function billTooltip(bill: BillView): string {
  const n = (count: number): string => count.toLocaleString("en-US");
  const lines = [
    ...(bill.saving === null ? [] : [l10n.t("All-Sonnet: {0}", bill.atSonnetText)]),
    l10n.t("{0} requests", n(bill.requests)),
    l10n.t("{0} prompt tokens, {1} of them from the cache", n(bill.inputTokens), n(bill.cacheReadTokens)),
    l10n.t("{0} output tokens", n(bill.outputTokens)),
  ];
  if (bill.unpriced > 0) lines.push(l10n.t("{0} requests have no known price", n(bill.unpriced)));
  if (bill.estimated > 0)
    lines.push(l10n.t("{0} requests ended early and are billed at their worst case", n(bill.estimated)));
  return lines.join("\n");
}

/** The Run's title, its Tasks, and what it was quoted at. */
export function costRunTooltip(run: CostRun): string {
  const count = l10n.t("{0} of {1} Tasks", run.accepted, run.tasks);
  return [run.title, count, l10n.t("Quoted: {0}", run.quoted.text), billTooltip(run.bill)].join("\n");
}

/** Where the money went: shares, cache misses by reason, price cliffs. */
export function facts({ patterns, misses, cliffs }: CostView): readonly string[] {
  const steep = cliffs.avoided + cliffs.passed > 0 ? [`${cliffs.text}.`] : [];
  return [...patterns, ...misses.map(({ text }) => `${text}.`), ...steep];
}

/** From how much the figure is, and how it is computed. */
export function perTodoTooltip({ label, text, detail }: PerTodoView, method: string): string {
  return [`${label}: ${text}`, detail, method].join("\n");
}

/** Planning that no Run came of. */
export function unstartedText(quotes: number): string {
  return quotes === 1
    ? l10n.t("1 Quote that never started")
    : l10n.t("{0} Quotes that never started", quotes.toLocaleString("en-US"));
}

/** What to do, what would be set, and how the saving is computed, as Markdown. */
export function suggestionTooltip({ sentence, computed, apply }: SuggestionView): string {
  const set = apply === null ? [] : [`\`${apply.text}\``];
  return [sentence, ...set, computed].join("\n\n");
}
