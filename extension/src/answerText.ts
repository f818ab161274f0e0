/** An answer to plain words as a Markdown page, and as a part of a chat. */
import { type Command, l10n } from "vscode";
import type { AskAction, AskResult } from "./generated/protocol";

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

/** What a button of an answer does. */
export function asCommand(action: AskAction): Command {
  return { title: action.title, command: action.editorCommand, arguments: JSON.parse(action.argumentsJson) };
}

/** Where the parts of a chat's answer go. */
export interface Stream {
  markdown(text: string): unknown;
  button(command: Command): unknown;
}

/** An answer in the chat: its text, then a button for each command and each choice. Nothing starts by itself. */
export function streamAnswer(answer: AskResult, text: string, stream: Stream): void {
  stream.markdown(answer.markdown);
  for (const action of answer.actions) stream.button(asCommand(action));
  for (const choice of answer.choices) {
    stream.button({ title: choice.title, command: "contextune.ask", arguments: [text, choice.arguments] });
  }
  const read = readByText(answer);
  if (read !== "") stream.markdown(`\n\n*${literal(read)}*`);
}
