/** The one log channel. Secrets are never written to it. */
import * as vscode from "vscode";

/** Where everything that is worth reading later is written; shown by `contextune.showLog`. */
export type Log = vscode.LogOutputChannel;

/** Opens the channel. */
export function createLog(): Log {
  return vscode.window.createOutputChannel("Contextune", { log: true });
}
