/** Commands on Contextune itself: costs, key, doctor, daemon, log. */
import * as vscode from "vscode";
import type { Command } from "../application";
import { applyChange } from "../suggestion";
import { allowUnfenced, tellTrust } from "../trust";
import { SuggestionNode } from "../views/costs/suggestionNode";

/** Shows the costs. */
export const openDashboard: Command = async ({ dashboard }) => dashboard.show();

/** Opens the walkthrough of the first five minutes. */
export const getStarted: Command = async () => {
  await vscode.commands.executeCommand("workbench.action.openWalkthrough", "contextune.contextune#start", false);
  await tellTrust();
};

/** Sets what a suggestion names. */
export const applySuggestion: Command = async (_app, subject) => {
  if (subject instanceof SuggestionNode && subject.suggestion.apply !== null)
    await applyChange(subject.suggestion.apply);
};

/** Asks for the API key and keeps it in the secret storage. */
export const setApiKey: Command = async (app) => {
  if (!(await app.secrets.ask())) return;
  const texts = {
    editor: vscode.l10n.t("The API key is stored."),
    environment: vscode.l10n.t("The key in ANTHROPIC_API_KEY is used."),
    offline: vscode.l10n.t("The offline model is set, so no key is used until contextune.offline is off."),
    vscode: vscode.l10n.t(
      "VS Code's own models are in use, so no key is used until contextune.provider is another one.",
    ),
    none: vscode.l10n.t("No API key is stored now."),
  };
  void vscode.window.showInformationMessage(texts[app.secrets.source ?? "none"]);
};

/** What is in order and what is missing, as a page. */
export const doctor: Command = async (app) => {
  await app.doctor.open(vscode.l10n.t("Contextune Doctor"), {});
};

/** Lets agents run commands where there is no Fence. */
export const allowCommandsUnfenced: Command = async (app) => {
  await allowUnfenced(app.daemon);
};

/** Stops the daemon and starts it again. */
export const restartDaemon: Command = async (app) => {
  await app.daemon.restart();
};

/** Shows the log. */
export const showLog: Command = async (app) => {
  app.log.show();
};
