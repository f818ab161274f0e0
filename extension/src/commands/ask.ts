/** Plain words in, an answer as a page out; what it leads to is a button, and starts nothing by itself. */
import * as vscode from "vscode";
import { asCommand } from "../answerText";
import type { Application, Command } from "../application";
import { chooseFolder } from "../folders";
import type { AskResult } from "../generated/protocol";

const isWords = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((one) => typeof one === "string");

/** Asks until it is clear what is meant, or the user leaves it. */
async function understood(
  app: Application,
  text: string,
  folder: string,
  chosen: readonly string[],
): Promise<AskResult | undefined> {
  const asking = vscode.l10n.t("Contextune reads what you wrote");
  const answer = await vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title: asking }, () =>
    app.answers.ask(text, folder, chosen),
  );
  if (answer.choices.length === 0) return answer;
  const items = answer.choices.map((choice) => ({ label: choice.title, description: choice.command, choice }));
  const picked = await vscode.window.showQuickPick(items, {
    title: text,
    placeHolder: answer.markdown.replace(/\\(.)/g, "$1"),
    ignoreFocusOut: true,
  });
  return picked && understood(app, text, folder, picked.choice.arguments);
}

/** The command: with words, and the arguments of a choice, where a button of the chat calls it. */
export const ask: Command = async (app, ...args) => {
  const [given, chosen] = args;
  const folder = await chooseFolder();
  if (folder === undefined) {
    void vscode.window.showInformationMessage(vscode.l10n.t("Open a folder first."));
    return;
  }
  const text =
    typeof given === "string"
      ? given
      : await vscode.window.showInputBox({
          title: vscode.l10n.t("Ask Contextune"),
          prompt: vscode.l10n.t("Nothing starts by itself: new work ends at its Quote."),
          placeHolder: vscode.l10n.t("what should I parallelise?"),
          ignoreFocusOut: true,
        });
  if (text === undefined || text.trim() === "") return;
  const answer = await understood(app, text.trim(), folder, isWords(chosen) ? chosen : []);
  if (answer === undefined) return;
  await app.answers.show(answer);
  if (answer.actions.length === 0) return;
  const titles = answer.actions.map(({ title }) => title);
  // The page stays; a message that nobody answers must not keep the command waiting.
  void vscode.window.showInformationMessage(answer.title, ...titles).then((title) => {
    const action = answer.actions.find((one) => one.title === title);
    if (action === undefined) return;
    const { command, arguments: given = [] } = asCommand(action);
    void vscode.commands.executeCommand(command, ...given);
  });
};
