/** Money over time in words. */
import { l10n } from "vscode";
import type { BillView, CostRun } from "../../generated/protocol";
import { billText } from "../runs/words";

/** `$0.12 −93 %`, and what all-Sonnet would have cost. */
export function billDescription(bill: BillView): string {
  if (bill.requests === 0) return l10n.t("nothing spent");
  return bill.saving === null ? bill.text : `${billText(bill)} · ${l10n.t("all-Sonnet {0}", bill.atSonnetText)}`;
}

/** Tokens and requests behind an amount. */
export function billTooltip(bill: BillView): string {
  const n = (count: number): string => count.toLocaleString("en-US");
  const lines = [
    l10n.t("{0} requests", n(bill.requests)),
    l10n.t("{0} prompt tokens, {1} of them from the cache", n(bill.inputTokens), n(bill.cacheReadTokens)),
    l10n.t("{0} output tokens", n(bill.outputTokens)),
  ];
  if (bill.unpriced > 0) lines.push(l10n.t("{0} requests have no known price", n(bill.unpriced)));
  if (bill.estimated > 0)
    lines.push(l10n.t("{0} requests ended early and are billed at their worst case", n(bill.estimated)));
  return lines.join("\n");
}

/** `8 of 8 · $0.0123 −93 % · quoted $0.01 to $0.04, likely $0.02`. */
export function costRunDescription(run: CostRun): string {
  const count = l10n.t("{0} of {1}", run.accepted, run.tasks);
  return [count, billText(run.bill), l10n.t("quoted {0}", run.quoted.text)].join(" · ");
}
