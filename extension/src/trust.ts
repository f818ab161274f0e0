/** Workspace trust: the daemon hears of it before it is asked for anything that trust matters to. */
import { basename } from "node:path";
import * as vscode from "vscode";
import type { Daemon } from "./client";
import { chooseFolder, localFolders } from "./folders";
import { Requests } from "./generated/protocol";

/** Tells the daemon whether the open folders are trusted. */
export async function sendTrust(daemon: Daemon): Promise<void> {
  const trusted = vscode.workspace.isTrusted;
  for (const folder of localFolders()) await daemon.request(Requests.workspaceTrust, { folder, trusted });
}

/** Has the walkthrough's step ticked where the workspace is trusted: it hears of changes alone. */
export async function tellTrust(): Promise<void> {
  for (const trusted of [false, vscode.workspace.isTrusted]) {
    await vscode.commands.executeCommand("setContext", "contextune.trusted", trusted);
  }
}

/** Lets agents run commands without a Fence in a folder, once the user has typed its name. */
export async function allowUnfenced(daemon: Daemon): Promise<void> {
  const folder = await chooseFolder();
  if (folder === undefined) return;
  const expected = basename(folder);
  const name = await vscode.window.showInputBox({
    title: vscode.l10n.t("Allow Commands Without a Fence"),
    prompt: vscode.l10n.t(
      "Agents will run commands as you, with your files and network, in {0}. Type the folder's name to allow that.",
      folder,
    ),
    placeHolder: expected,
    ignoreFocusOut: true,
    validateInput: (typed) =>
      typed === "" || typed === expected ? undefined : vscode.l10n.t("The folder is called {0}.", expected),
  });
  if (name === undefined || name === "") return;
  await daemon.request(Requests.workspaceAllowUnfenced, { folder, name });
  void vscode.window.showInformationMessage(
    vscode.l10n.t("Where there is no Fence, agents may run commands as you in {0} from now on.", expected),
  );
}

/** Whether agents may work here; offers VS Code's own trust page if not. */
export async function workspaceIsTrusted(): Promise<boolean> {
  if (vscode.workspace.isTrusted) return true;
  const manage = vscode.l10n.t("Manage Workspace Trust");
  const text = vscode.l10n.t(
    "Agents run commands of this repository, so Contextune works only in a trusted workspace.",
  );
  if ((await vscode.window.showWarningMessage(text, manage)) === manage) {
    await vscode.commands.executeCommand("workbench.trust.manage");
  }
  return vscode.workspace.isTrusted;
}
