/** A Quote in words: its rows, and the page with everything. */
import { l10n } from "vscode";
import type { QuoteView, TaskQuoteView } from "./generated/protocol";
import { overlapsOf, overlapText, sharedText } from "./overlapText";

/** `Quote: $0.01 to $0.04, likely $0.02 · all-Sonnet $0.31 · budget $2.00`. */
export function quoteTitle(quote: QuoteView): string {
  const parts = [l10n.t("Quote: {0}", quote.price.text)];
  if (quote.price.atSonnet !== null) parts.push(l10n.t("all-Sonnet {0}", quote.price.atSonnetText));
  parts.push(l10n.t("budget {0}", quote.budgetText));
  return parts.join(" · ");
}

/** Whether some of its requests have no price, so that they are counted. */
export function isUnpriced({ price, maxRequests }: QuoteView): boolean {
  return maxRequests !== null || price.likely === null;
}

/** What bounds a Run beside its budget: `up to 4 agents · $0.1000 a Task · at most 200 requests`. */
export function boundsText(quote: QuoteView): string {
  const agents = quote.agents === 1 ? l10n.t("1 agent at a time") : l10n.t("up to {0} agents", quote.agents);
  return [agents, ...limitTexts(quote)].join(" · ");
}

/** What its Tasks and requests may cost, and how many there may be of those, as far as anything bounds that. */
function limitTexts({ taskBudgetText, requestBudgetText, maxRequests }: QuoteView): readonly string[] {
  const parts: string[] = [];
  if (taskBudgetText !== "") parts.push(l10n.t("{0} a Task", taskBudgetText));
  if (requestBudgetText !== "") parts.push(l10n.t("{0} a request", requestBudgetText));
  if (maxRequests !== null)
    parts.push(maxRequests === 1 ? l10n.t("at most 1 request") : l10n.t("at most {0} requests", maxRequests));
  return parts;
}

/** The heading of a wave, counted from 1. */
export function waveHeading(number: number): string {
  return number === 1 ? l10n.t("Wave {0}", 1) : l10n.t("Wave {0}, after wave {1}", number, number - 1);
}

/** `1 Task`, `3 Tasks`. */
export function taskCountText(count: number): string {
  return count === 1 ? l10n.t("1 Task") : l10n.t("{0} Tasks", count);
}

/** A Task's row: `$0.02 · Haiku 5.5, low · shares parse with “B”`. */
export function quotedRow(
  quote: QuoteView,
  task: TaskQuoteView,
): { readonly label: string; readonly description: string } {
  const shared = overlapsOf(quote, task.id).map((overlap) => sharedText(quote, overlap, task.id));
  const pinned = task.pinned ? [l10n.t("pinned by you")] : [];
  return { label: task.title, description: [task.price.likelyText, task.rung.text, ...pinned, ...shared].join(" · ") };
}

/** What menus go by: what can be done with a Task of a Quote. */
export function quotedTokens(quote: QuoteView, task: TaskQuoteView): string {
  const tokens = ["quoted"];
  if (task.todoIds.length > 1) tokens.push("splittable");
  if (overlapsOf(quote, task.id).length > 0) tokens.push("sharing");
  if (task.dependsOn.length > 0) tokens.push("waiting");
  return tokens.join(" ");
}

/** `Tests: pytest -q`, and how long they took on the base, in milliseconds. */
export function gateText(gate: string, durationMs: number | undefined) {
  const description = durationMs === undefined ? "" : l10n.t("{0} s on the base", (durationMs / 1000).toFixed(1));
  return { label: l10n.t("Tests: {0}", gate), description };
}

/** What must be known before the Quote is approved, a sentence each. */
export function quoteWarnings(quote: QuoteView): readonly string[] {
  const offline = l10n.t("Offline model: scripted, no AI, and nothing is charged.");
  return quote.offline ? [...quote.warnings, offline] : quote.warnings;
}

/** The Quote as a Markdown page, with everything that the rows leave out. */
export function quotePage(quote: QuoteView): string {
  const lines = [`# ${quote.title}`, "", `**${quoteTitle(quote)}**`, ""];
  lines.push(
    l10n.t("Planning cost {0}. Up to {1} agents work at the same time.", quote.planningText, quote.agents),
    "",
  );
  const limits = limitTexts(quote);
  if (limits.length > 0) lines.push(l10n.t("Bounds: {0}.", limits.join(" · ")), "");
  lines.push([quote.sentText, quote.sentFilesText].filter((text) => text !== "").join(" "), "");
  for (const { path, sizeText } of quote.sentFiles) lines.push(`- \`${path}\`, ${sizeText}`);
  if (quote.sentFiles.length > 0) lines.push("");
  if (quote.forecastText !== null) lines.push(quote.forecastText, "");
  for (const warning of quoteWarnings(quote)) lines.push(`> ${warning}`, "");
  if (quote.gate !== null) {
    const seconds = quote.baseline ? (quote.baseline.durationMs / 1000).toFixed(1) : undefined;
    const time = seconds ? l10n.t(", {0} s on the base", seconds) : "";
    lines.push(`${l10n.t("Gate")}: \`${quote.gate}\`${time}`, "");
  }
  if (quote.overlaps.length > 0) lines.push(`## ${l10n.t("What Tasks share")}`, "");
  for (const overlap of quote.overlaps) lines.push(`- ${overlapText(overlap)}`, "");
  for (const [index, ids] of quote.waves.entries()) {
    const tasks = quote.tasks.filter(({ id }) => ids.includes(id) && !quote.leftOut.includes(id));
    if (tasks.length > 0) lines.push(`## ${l10n.t("Wave {0}", index + 1)}`, "");
    for (const task of tasks) {
      lines.push(`### ${task.title}`, "", `${task.price.text} · ${task.rung.text}`, "");
      if (task.reason !== "") lines.push(task.reason, "");
      lines.push(task.brief, "");
      for (const file of task.files) lines.push(`- \`${file}\``);
      lines.push("");
    }
  }
  if (quote.baseline && quote.baseline.failing.length > 0) {
    lines.push(
      `## ${l10n.t("Tests that fail already")}`,
      "",
      ...quote.baseline.failing.map((name) => `- \`${name}\``),
      "",
    );
  }
  return lines.join("\n");
}
