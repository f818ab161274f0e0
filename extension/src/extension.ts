/** Wiring: what starts when VS Code starts the extension, and nothing else. */
import * as vscode from "vscode";

/** Called once by VS Code, after its start-up. */
export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("Contextune", { log: true });
  log.info(`Contextune ${context.extension.packageJSON.version} started`);
  context.subscriptions.push(
    log,
    vscode.commands.registerCommand("contextune.showLog", () => log.show()),
  );
}
