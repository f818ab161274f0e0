/** An answer to plain words as a Markdown page. */
import { l10n } from "vscode";
import type { AskResult } from "./generated/protocol";

const literal = (text: string): string => text.replace(/\s+/g, " ").replace(/([\\`*_{}[\]<>()#+\-!|~])/g, "\\$1");

/** Who read the words, and what that cost. */
export function readByText({ by, paidText }: AskResult): string {
  if (by === "model") return l10n.t("Read by intent-recognition, for {0}.", paidText);
  if (by === "rules") return l10n.t("Read by rules, for nothing.");
  return paidText === "" ? "" : l10n.t("intent-recognition was asked, for {0}.", paidText);
}

/** The whole answer, with the commands that follow from it. */
export function answerPage(answer: AskResult): string {
  const rows = answer.actions.map(({ title, command }) => `- ${literal(title)}: ${literal(command)}`);
  const read = readByText(answer);
  return [
    ...[`# ${literal(answer.title)}`, "", answer.markdown, ""],
    ...(rows.length === 0 ? [] : [`### ${l10n.t("What you can do")}`, "", ...rows, ""]),
    ...(read === "" ? [] : [`*${literal(read)}*`, ""]),
  ].join("\n");
}
