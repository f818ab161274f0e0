/** Applies what a suggestion names: where it is set already, else in the user's settings. It can be taken back. */
import * as vscode from "vscode";
import type { SettingChange } from "./generated/protocol";

/** Sets it, says so, and offers the way back. */
export async function applyChange({ key, valueJson, text }: SettingChange): Promise<void> {
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
}
