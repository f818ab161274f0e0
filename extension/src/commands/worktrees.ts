/** Commands on worktrees and Salvages: clean up, mend, restore. */
import * as vscode from "vscode";
import type { Command } from "../application";
import { chooseFolder } from "../folders";
import { Requests, type SalvageView } from "../generated/protocol";
import { cleanedText, cleanRows, diskText, mendedText, salvageRows, staysText } from "../worktreeText";

/** Removes the worktrees that the user ticks, unless a Run needs them, and mends what is wrong. */
export const cleanWorktrees: Command = async (app) => {
  const folder = await chooseFolder();
  if (folder === undefined) return;
  const list = await app.daemon.request(Requests.worktreeList, { folder });
  const rows = cleanRows(list);
  if (rows.length === 0) {
    void vscode.window.showInformationMessage(vscode.l10n.t("There is no worktree to clean up."));
    return;
  }
  const chosen = await vscode.window.showQuickPick([...rows], {
    title: vscode.l10n.t("Clean Up Worktrees"),
    placeHolder: vscode.l10n.t("{0} Unfinished work is kept.", diskText(list)),
    canPickMany: true,
    ignoreFocusOut: true,
    matchOnDetail: true,
  });
  if (chosen === undefined || chosen.length === 0) return;
  const said = [...staysText(chosen)];
  if (chosen.some(({ path }) => path === undefined)) {
    said.push(mendedText(await app.daemon.request(Requests.worktreeMend, { folder, dryRun: false })));
  }
  const paths = chosen.flatMap(({ path, stays }) => (path === undefined || stays !== undefined ? [] : [path]));
  const restore = vscode.l10n.t("Restore…");
  const offered: string[] = [];
  if (paths.length > 0) {
    const cleaned = await app.daemon.request(Requests.worktreeClean, { folder, dryRun: false, paths });
    said.push(cleanedText(cleaned));
    if (cleaned.salvage.length > 0) offered.push(restore);
  }
  void vscode.window.showInformationMessage(said.join(" "), ...offered).then((chosen) => {
    if (chosen === restore) void vscode.commands.executeCommand("contextune.restoreWorktree");
  });
};

/** Puts a Salvage into a new worktree and offers to open it; the user's own checkout stays as it is. */
export const restoreWorktree: Command = async (app) => {
  const folder = await chooseFolder();
  if (folder === undefined) return;
  const { salvages } = await app.daemon.request(Requests.worktreeList, { folder });
  if (salvages.length === 0) {
    void vscode.window.showInformationMessage(vscode.l10n.t("There is no Salvage to restore."));
    return;
  }
  const titleOf = ({ runId, name }: SalvageView): string | undefined =>
    app.store.run(runId)?.tasks.find(({ id }) => id === name)?.title;
  const chosen = await vscode.window.showQuickPick([...salvageRows(salvages, titleOf)], {
    title: vscode.l10n.t("Restore a Worktree"),
    placeHolder: vscode.l10n.t("Which Salvage? It gets a worktree and a branch of its own."),
    matchOnDescription: true,
    matchOnDetail: true,
  });
  if (chosen === undefined) return;
  const restored = await app.daemon.request(Requests.worktreeRestore, { folder, name: chosen.ref });
  const open = vscode.l10n.t("Open in a new window");
  const text = vscode.l10n.t("Restored on branch {0}.", restored.branch);
  if ((await vscode.window.showInformationMessage(text, open)) !== open) return;
  await vscode.commands.executeCommand("vscode.openFolder", vscode.Uri.file(restored.path), { forceNewWindow: true });
};
