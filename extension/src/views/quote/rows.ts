/** The rows of an open Quote: what it costs first, then what must be known, the Tasks by wave, and what is sent. */
import * as vscode from "vscode";
import type { QuoteView } from "../../generated/protocol";
import { boundsText, gateText, quoteWarnings } from "../../quoteText";
import type { Node } from "../node";
import { LineNode } from "./lineNode";
import { WaveNode } from "./waveNode";

const { ThemeIcon } = vscode;

/** The rows of a Quote. */
export function quoteRows(quote: QuoteView): readonly Node[] {
  return [
    priceLine(quote),
    ...sonnetLine(quote),
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
    icon: new ThemeIcon("tag"),
    tooltip: [price.text, planning, forecastText ?? ""].filter((text) => text !== "").join("\n"),
  });
}

function sonnetLine({ id, price }: QuoteView): readonly Node[] {
  if (price.atSonnet === null) return [];
  const label = vscode.l10n.t("All-Sonnet {0}", price.atSonnetText);
  const tooltip = vscode.l10n.t("The same tokens at Sonnet's price");
  return [new LineNode({ id: `${id}:sonnet`, label, icon: new ThemeIcon("law"), tooltip })];
}

function termsLine(quote: QuoteView): Node {
  return new LineNode({
    id: `${quote.id}:terms`,
    label: vscode.l10n.t("Budget {0}", quote.budgetText),
    description: boundsText(quote),
    icon: new ThemeIcon("credit-card"),
    token: "terms",
    tooltip: vscode.l10n.t(
      "The Run cannot cost more. Click to change that, what each Task or request may cost, the number of agents or the rung.",
    ),
    command: { command: "contextune.changeQuote", title: vscode.l10n.t("Change the Terms") },
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

function sentLine({ id, sentText, sentTo, sentFiles, sentFilesText }: QuoteView): Node {
  if (sentTo === "") return new LineNode({ id: `${id}:sent`, label: sentText, icon: new ThemeIcon("vm") });
  const what = { id: `${id}:sent:what`, label: sentText, icon: new ThemeIcon("info") };
  const files = sentFiles.map(({ path, sizeText }) => ({
    id: `${id}:sent:${path}`,
    label: path,
    description: sizeText,
    icon: new ThemeIcon("file"),
  }));
  return new LineNode({
    id: `${id}:sent`,
    label: vscode.l10n.t("Sends to {0}", sentTo),
    description: sentFilesText,
    icon: new ThemeIcon("cloud-upload"),
    tooltip: sentText,
    below: [what, ...files],
  });
}
