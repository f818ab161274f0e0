/** Commands about GitHub: sign in, accept by pull request, open one. */
import * as vscode from "vscode";
import type { Command } from "../application";
import { Requests, type RunView } from "../generated/protocol";
import { acceptAs } from "./runs";
import { chooseRun } from "./subjects";

/** Signs in to GitHub by the editor's own session. */
export const signInGitHub: Command = async (app) => {
  const { source, host } = await app.forge.signIn();
  const text =
    source === "none"
      ? vscode.l10n.t("Nobody is signed in to {0}. Set GITHUB_TOKEN, or run gh auth login.", host)
      : vscode.l10n.t("Signed in to {0}. Pull requests and issues are written only where you ask for them.", host);
  void vscode.window.showInformationMessage(text);
};

/** Pushes a branch and opens a pull request; the user's own branch stays. */
export const acceptByPullRequest: Command = async (app, ...args) => acceptAs(app, args, "pr");

/** Opens a pull request in the browser, and asks GitHub what has become of it. */
export const openPullRequest: Command = async (app, ...args) => {
  const has = (run: RunView): boolean => run.pulls.length > 0;
  const run = await chooseRun(app, args, has, vscode.l10n.t("No Run has a pull request."));
  const pull = run?.pulls.at(-1);
  if (run === undefined || pull === undefined) return;
  await vscode.env.openExternal(vscode.Uri.parse(pull.url));
  app.store.setRun(await app.daemon.request(Requests.forgeSync, { runId: run.id }));
};
