/** The status-bar meter in words. */
import { l10n } from "vscode";
import type { BillView, MeterView } from "./generated/protocol";
import { besideSonnet, excess } from "./savingText";

const icons: Record<MeterView["level"], string> = {
  idle: "$(pulse)",
  running: "$(pulse)",
  asking: "$(question)",
  near_budget: "$(warning)",
  parked: "$(debug-pause)",
};

/** `$(pulse) $0.0123 −93 %`; `$(pulse) $0.12 today` when nothing runs. */
export function meterText(meter: MeterView): string {
  const amount = `${icons[meter.level]} ${meter.text}`;
  const saved = meter.saving === null ? amount : `${amount} ${besideSonnet(meter.saving)}`;
  const text = meter.runId === null ? l10n.t("{0} today", saved) : saved;
  return meter.fenceLack === "" ? text : l10n.t("{0} · no Fence", text);
}

/** What a screen reader says. */
export function meterLabel(meter: MeterView): string {
  const spent = l10n.t("Contextune: {0}", meter.text);
  if (meter.saving === null) return spent;
  const more = excess(meter.saving);
  return more === undefined
    ? l10n.t("{0}, {1} less than all-Sonnet", spent, meter.saving)
    : l10n.t("{0}, {1} more than all-Sonnet", spent, more);
}

function levelText(level: MeterView["level"]): string | undefined {
  switch (level) {
    case "asking":
      return l10n.t("An agent waits for your answer.");
    case "near_budget":
      return l10n.t("The Run is near its budget.");
    case "parked":
      return l10n.t("The Run has reached its budget and waits.");
    default:
      return undefined;
  }
}

/** The requests and tokens behind an amount, a line each; the two blanks make Markdown break the line. */
function tokenLines({ requests, inputTokens, cacheReadTokens, outputTokens }: BillView): string[] {
  const n = (count: number): string => count.toLocaleString("en-US");
  return [
    `${l10n.t("{0} requests", n(requests))}  `,
    `${l10n.t("{0} prompt tokens, {1} of them from the cache", n(inputTokens), n(cacheReadTokens))}  `,
    l10n.t("{0} output tokens", n(outputTokens)),
  ];
}

const cell = (text: string): string => text.replace(/\|/g, "\\|");

/** What the figure is the sum of. */
function meterTitle(meter: MeterView, live: number): string {
  if (meter.runId === null) return l10n.t("Spent today");
  return live > 1 ? l10n.t("Spent by {0} Runs at work", live) : l10n.t("Spent by this Run");
}

/** The arithmetic behind the figure, as Markdown; `live` Runs are at work. */
export function meterTooltip(meter: MeterView, live = 1): string {
  const title = meterTitle(meter, live);
  const lines = [`**${title}: ${meter.text}**`, ""];
  const level = levelText(meter.level);
  if (level) lines.push(level, "");
  if (meter.fenceLack !== "") lines.push(meter.fenceLack, "");
  if (meter.lines.length > 0) {
    lines.push("| | | |", "|:--|--:|:--|");
    for (const { label, amount, detail } of meter.lines)
      lines.push(`| ${cell(label)} | ${cell(amount)} | ${cell(detail)} |`);
    lines.push("");
  }
  if (meter.lines.length === 0 && meter.today.requests > 0) lines.push(...tokenLines(meter.today), "");
  const more = excess(meter.saving);
  if (more !== undefined) lines.push(l10n.t("{0} more than the same tokens at Sonnet's price.", more), "");
  else if (meter.saving !== null)
    lines.push(l10n.t("{0} less than the same tokens at Sonnet's price.", meter.saving), "");
  if (meter.offline) lines.push(l10n.t("Offline model: scripted, no AI, and nothing is charged."), "");
  if (meter.runId !== null) lines.push(l10n.t("Today: {0}", meter.today.text));
  return lines.join("\n");
}
