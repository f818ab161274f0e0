/** How the daemon is started: an installed command that the user named, or the environment that came with us. */
import { rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import * as vscode from "vscode";
import type { Executable } from "vscode-languageclient/node";
import type { Log } from "./log";
import { ensureEnvironment, pythonOf } from "./python/environment";
import { findInterpreter } from "./python/interpreter";
import { progressText } from "./python/words";
import { startSetting } from "./settings";

/** How a daemon is started, and whose it is. */
export interface Located {
  readonly executable: Executable;
  /** Whether the user named it. */
  readonly named: boolean;
  /** Removes it, so that it is installed anew when it is located next; of a named one, nothing. */
  readonly discard: () => Promise<void>;
}

const SERVE = ["serve", "--stdio"];

function expandHome(path: string): string {
  return path.startsWith("~/") ? join(homedir(), path.slice(2)) : path;
}

/**
 * Finds the daemon, and makes its environment on first use, with progress.
 *
 * Throws SetupProblem if that can't be done. Python runs isolated (`-I`), so that no module of the opened folder is
 * ever imported, and not in that folder.
 */
export async function locateDaemon(context: vscode.ExtensionContext, log: Log): Promise<Located> {
  const storage = context.globalStorageUri.fsPath;
  await vscode.workspace.fs.createDirectory(context.globalStorageUri);
  const named = expandHome(startSetting("daemonPath"));
  if (named !== "") {
    const executable = { command: named, args: SERVE, options: { cwd: storage } };
    return { executable, named: true, discard: async () => {} };
  }

  const interpreter = await findInterpreter(expandHome(startSetting("python")));
  log.info(`Python ${interpreter.version}: ${interpreter.executable}`);
  const bundle = vscode.Uri.joinPath(context.extensionUri, "extension", "daemon").fsPath;
  const controller = new AbortController();
  const started = Date.now();
  const environment = await withProgress(controller, (report) =>
    ensureEnvironment({
      interpreter,
      bundle,
      storage,
      signal: controller.signal,
      report: (progress) => report(progressText(progress)),
      log: (line) => log.debug(line),
    }),
  );
  log.info(`Environment ${environment} (${Date.now() - started} ms)`);
  const args = ["-I", "-X", "utf8", "-m", "contextune", ...SERVE];
  return {
    executable: { command: pythonOf(environment), args, options: { cwd: storage } },
    named: false,
    discard: () => rm(environment, { recursive: true, force: true }),
  };
}

/** Shows a notification from the first report on: an environment that is there already needs none. */
async function withProgress<T>(
  controller: AbortController,
  work: (report: (message: string) => void) => Promise<T>,
): Promise<T> {
  let show: ((message: string) => void) | undefined;
  let end: () => void = () => {};
  const over = new Promise<void>((resolve) => {
    end = resolve;
  });
  const report = (message: string): void => {
    if (show !== undefined) {
      show(message);
      return;
    }
    let latest = message;
    show = (next) => {
      latest = next;
    };
    const title = vscode.l10n.t("Setting up Contextune, once");
    void vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title, cancellable: true },
      (progress, token) => {
        token.onCancellationRequested(() => controller.abort());
        show = (next) => progress.report({ message: next });
        show(latest);
        return over;
      },
    );
  };
  return work(report).finally(end);
}
