/** Workspace trust: the daemon hears of it before it is asked for anything that trust matters to. */
import * as vscode from "vscode";
import type { Daemon } from "./client";
import { localFolders } from "./folders";
import { Requests } from "./generated/protocol";

/** Tells the daemon whether the open folders are trusted. */
export async function sendTrust(daemon: Daemon): Promise<void> {
  const trusted = vscode.workspace.isTrusted;
  for (const folder of localFolders()) await daemon.request(Requests.workspaceTrust, { folder, trusted });
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
