/** The command that turns VS Code's own language models on, and off again. */
import * as vscode from "vscode";
import type { Command } from "../application";
import { available } from "../languageModels";
import { SECTION } from "../settings";

/** Lets the user choose a provider of VS Code's, consent to it, and use it from then on; or stop using them. */
export const useEditorModels: Command = async ({ models, secrets }) => {
  const settings = vscode.workspace.getConfiguration(SECTION);
  if (settings.get("provider") === "vscode" && (await wantsToStop())) {
    await models.forget();
    await settings.update("provider", undefined, vscode.ConfigurationTarget.Global);
    return;
  }
  const offered = await available();
  if (offered.length === 0) {
    const none = vscode.l10n.t(
      "VS Code offers no language models. Sign in to GitHub Copilot, or install an extension that provides models.",
    );
    void vscode.window.showWarningMessage(none);
    return;
  }
  const vendors = [...new Set(offered.map(({ vendor }) => vendor))];
  const choices = vendors.map((vendor) => ({
    label: vendor,
    description: offered
      .filter((model) => model.vendor === vendor)
      .map(({ name }) => name)
      .join(", "),
  }));
  const title = vscode.l10n.t("Whose Models Shall Agents Use?");
  const chosen = await vscode.window.showQuickPick(choices, { title, ignoreFocusOut: true });
  const model = offered.find(({ vendor }) => vendor === chosen?.label);
  if (model === undefined || !(await models.allow(model))) return;
  await settings.update("provider", "vscode", vscode.ConfigurationTarget.Global);
  await secrets.becomesReady();
  const using = vscode.l10n.t("Agents now use VS Code's own language models. Their requests are counted, not priced.");
  void vscode.window.showInformationMessage(using);
};

async function wantsToStop(): Promise<boolean> {
  const stop = vscode.l10n.t("Stop Using Them");
  const other = vscode.l10n.t("Choose Another Provider");
  const title = vscode.l10n.t("VS Code's Models Are in Use");
  return (await vscode.window.showQuickPick([other, stop], { title })) === stop;
}
