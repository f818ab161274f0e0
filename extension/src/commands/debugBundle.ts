/** Saving a debug bundle: what is in it is shown before anything is written. */
import * as os from "node:os";
import * as vscode from "vscode";
import type { Command } from "../application";
import { Requests } from "../generated/protocol";

/** Packs what a bug report needs, after the user has seen what that is and chosen where it goes. */
export const debugBundle: Command = async (app) => {
  const words = {
    logs: app.logFolder,
    editor: `${vscode.env.appName} ${vscode.version}, extension ${app.version}`,
    runId: null,
  };
  const planned = await app.daemon.request(Requests.debugBundle, {
    ...words,
    output: "",
    dryRun: true,
    withContent: false,
  });
  const save = vscode.l10n.t("Save…");
  const saveAll = vscode.l10n.t("Save with Conversations…");
  const detail = [
    ...planned.members.map(({ name, about, sizeBytes }) => `${name}: ${about}, ${sizeBytes.toLocaleString()} B`),
    "",
    vscode.l10n.t(
      "Keys and passwords are masked. Conversations, which quote your files, are left out unless you choose.",
    ),
  ].join("\n");
  const title = vscode.l10n.t("Save a debug bundle of the newest Runs?");
  const chosen = await vscode.window.showInformationMessage(title, { modal: true, detail }, save, saveAll);
  if (chosen === undefined) return;
  const day = new Date().toISOString().replace(/[-:]|\.\d+Z$/g, "");
  const target = await vscode.window.showSaveDialog({
    defaultUri: vscode.Uri.file(`${os.homedir()}/contextune-debug-${day}.zip`),
    filters: { Zip: ["zip"] },
  });
  if (target === undefined) return;
  const { path } = await app.daemon.request(Requests.debugBundle, {
    ...words,
    output: target.fsPath,
    dryRun: false,
    withContent: chosen === saveAll,
  });
  const show = vscode.l10n.t("Show in Folder");
  const text = vscode.l10n.t("The debug bundle is at {0}. Look through it before you send it.", path);
  if ((await vscode.window.showInformationMessage(text, show)) !== show) return;
  await vscode.commands.executeCommand("revealFileInOS", vscode.Uri.file(path));
};
