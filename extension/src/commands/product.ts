/** Commands on Contextune itself: costs, key, doctor, daemon, log. */
import * as vscode from "vscode";
import type { Command } from "../application";
import { allowUnfenced } from "../trust";
import { SuggestionNode } from "../views/costs/suggestionNode";

/** Shows the costs. */
export const openDashboard: Command = async () => {
  await vscode.commands.executeCommand("contextune.costs.focus");
};

/** Sets what a suggestion names: where it is set already, else in the user's settings. It can be taken back. */
export const applySuggestion: Command = async (_app, subject) => {
  if (!(subject instanceof SuggestionNode) || subject.suggestion.apply === null) return;
  const { key, valueJson, text } = subject.suggestion.apply;
  const settings = vscode.workspace.getConfiguration();
  const known = settings.inspect(key);
  const ofWorkspace = known?.workspaceValue !== undefined;
  const target = ofWorkspace ? vscode.ConfigurationTarget.Workspace : vscode.ConfigurationTarget.Global;
  await settings.update(key, JSON.parse(valueJson), target);
  const undo = vscode.l10n.t("Undo");
  const open = vscode.l10n.t("Open Settings");
  const said = ofWorkspace
    ? vscode.l10n.t("Set in the workspace's settings: {0}", text)
    : vscode.l10n.t("Set in your settings: {0}", text);
  const chosen = await vscode.window.showInformationMessage(said, undo, open);
  if (chosen === undo) await settings.update(key, ofWorkspace ? known.workspaceValue : known?.globalValue, target);
  if (chosen === open) await vscode.commands.executeCommand("workbench.action.openSettings", key);
};

/** Asks for the API key and keeps it in the secret storage. */
export const setApiKey: Command = async (app) => {
  if (!(await app.secrets.ask())) return;
  const texts = {
    editor: vscode.l10n.t("The API key is stored."),
    environment: vscode.l10n.t("The key in ANTHROPIC_API_KEY is used."),
    offline: vscode.l10n.t("The offline model is set, so no key is used until contextune.offline is off."),
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
