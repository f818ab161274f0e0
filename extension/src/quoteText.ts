/** A Quote in words: the rows to tick and the page to read. */
import { l10n } from "vscode";
import type { QuoteView, TaskQuoteView } from "./generated/protocol";
import { overlapsOf, overlapText, sharedText } from "./overlapText";

/** One Task to tick. */
export interface QuoteRow {
  readonly id: string;
  readonly label: string;
  readonly description: string;
  readonly detail: string;
}

/** The Tasks that may be worked on at the same time, under one heading. */
export interface QuoteWave {
  readonly heading: string;
  readonly rows: readonly QuoteRow[];
}

/** `Quote: $0.01 to $0.04, likely $0.02 · all-Sonnet $0.31 · budget $2.00`. */
export function quoteTitle(quote: QuoteView): string {
  const parts = [l10n.t("Quote: {0}", quote.price.text)];
  if (quote.price.atSonnet !== null) parts.push(l10n.t("all-Sonnet {0}", quote.price.atSonnetText));
  parts.push(l10n.t("budget {0}", quote.budgetText));
  return parts.join(" · ");
}

/** Why a Task begins where it does, unless that is plainly the first rung. */
function whyThere(task: TaskQuoteView): string {
  return task.start > 0 || task.explored ? task.reason : "";
}

function row(quote: QuoteView, task: TaskQuoteView, pinned: number | undefined): QuoteRow {
  const rung = pinned === undefined ? undefined : quote.ladder[pinned];
  const shared = overlapsOf(quote, task.id).map((overlap) => sharedText(quote, overlap, task.id));
  const begins = rung ? [rung.text, l10n.t("pinned by you")] : [task.rung.text, whyThere(task)];
  return {
    id: task.id,
    label: task.title,
    description: task.price.likelyText,
    detail: [...begins, task.files.join(", "), ...shared].filter((part) => part !== "").join(" · "),
  };
}

/** The Tasks by wave, in order; `starts` has the places on the ladder where the user wants Tasks to begin. */
export function quoteWaves(quote: QuoteView, starts: ReadonlyMap<string, number> = new Map()): readonly QuoteWave[] {
  return quote.waves.map((ids, index) => ({
    heading: index === 0 ? l10n.t("Wave {0}", 1) : l10n.t("Wave {0}, after wave {1}", index + 1, index),
    rows: quote.tasks.filter(({ id }) => ids.includes(id)).map((task) => row(quote, task, starts.get(task.id))),
  }));
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
    lines.push(`## ${l10n.t("Wave {0}", index + 1)}`, "");
    for (const task of quote.tasks.filter(({ id }) => ids.includes(id))) {
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
