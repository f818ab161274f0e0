/** The rows of an open Quote: what it costs first, then what must be known, the Tasks by wave, and what is sent. */
import * as vscode from "vscode";
import type { QuoteView } from "../../generated/protocol";
import { gateText, quoteWarnings } from "../../quoteText";
import type { Node } from "../tree";
import { LineNode } from "./lineNode";
import { WaveNode } from "./waveNode";

const { ThemeIcon } = vscode;

/** The rows of a Quote. */
export function quoteRows(quote: QuoteView): readonly Node[] {
  return [
    priceLine(quote),
    termsLine(quote),
    ...warningLines(quote),
    ...waves(quote),
    ...testsLine(quote),
    sentLine(quote),
  ];
}

function waves(quote: QuoteView): readonly WaveNode[] {
  return quote.waves.map((_, index) => new WaveNode(quote, index + 1));
}

function priceLine({ id, price, planningText, forecastText }: QuoteView): Node {
  const planning = vscode.l10n.t("Planning cost {0}.", planningText);
  return new LineNode({
    id: `${id}:price`,
    label: price.text,
    description: price.atSonnet === null ? "" : vscode.l10n.t("all-Sonnet {0}", price.atSonnetText),
    icon: new ThemeIcon("tag"),
    tooltip: [price.text, planning, forecastText ?? ""].filter((text) => text !== "").join("\n"),
  });
}

function termsLine({ id, budgetText, agents }: QuoteView): Node {
  return new LineNode({
    id: `${id}:terms`,
    label: vscode.l10n.t("Budget {0}", budgetText),
    description: agents === 1 ? vscode.l10n.t("1 agent at a time") : vscode.l10n.t("up to {0} agents", agents),
    icon: new ThemeIcon("credit-card"),
    token: "terms",
    tooltip: vscode.l10n.t("The Run cannot cost more. Click to change the budget or the number of agents."),
    command: { command: "contextune.changeQuote", title: vscode.l10n.t("Change Budget or Agents") },
  });
}

function warningLines(quote: QuoteView): readonly Node[] {
  const icon = new ThemeIcon("warning", new vscode.ThemeColor("list.warningForeground"));
  return quoteWarnings(quote).map((label, index) => new LineNode({ id: `${quote.id}:warning:${index}`, label, icon }));
}

function testsLine(quote: QuoteView): readonly Node[] {
  if (quote.gate === null) return [];
  const { label, description } = gateText(quote.gate, quote.baseline?.durationMs);
  return [new LineNode({ id: `${quote.id}:gate`, label, description, icon: new ThemeIcon("beaker") })];
}

function sentLine({ id, sentText, offline }: QuoteView): Node {
  return new LineNode({ id: `${id}:sent`, label: sentText, icon: new ThemeIcon(offline ? "vm" : "cloud-upload") });
}
