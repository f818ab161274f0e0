/** Showing what went wrong: the sentence, and what can be done about it. */
import * as vscode from "vscode";
import type { Log } from "./log";
import { SetupProblem } from "./python/problem";
import { problemText } from "./python/words";
import { clearStartSetting } from "./settings";

function sentence(error: unknown): string {
  if (error instanceof SetupProblem) return problemText(error);
  return error instanceof Error ? error.message : String(error);
}

/** Logs an error and shows it. Does not wait for the user. */
export function showFailure(error: unknown, log: Log): void {
  if (error instanceof vscode.CancellationError) return;
  if (error instanceof SetupProblem && error.kind === "cancelled") {
    log.info(sentence(error));
    return;
  }
  log.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
  void offer(error, log);
}

async function offer(error: unknown, log: Log): Promise<void> {
  const show = vscode.l10n.t("Show Log");
  const again = vscode.l10n.t("Try Again");
  const settings = vscode.l10n.t("Open Settings");
  const own = vscode.l10n.t("Use the Extension's Daemon");
  const isNamed = error instanceof SetupProblem && error.kind === "other-daemon";
  const setup = error instanceof SetupProblem ? [isNamed ? own : again, settings] : [];
  const chosen = await vscode.window.showErrorMessage(sentence(error), ...setup, show);
  if (chosen === show) log.show();
  if (chosen === again) await vscode.commands.executeCommand("contextune.restartDaemon");
  if (chosen === own) await clearStartSetting("daemonPath"); // the daemon starts anew by itself
  const setting = isNamed ? "contextune.daemonPath" : "contextune.python";
  if (chosen === settings) await vscode.commands.executeCommand("workbench.action.openSettings", setting);
}
