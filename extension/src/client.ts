/** The daemon as the extension sees it: started, restarted, asked and listened to. */
import * as vscode from "vscode";
import type { ErrorHandler, LanguageClient } from "vscode-languageclient/node";
import type { Located } from "./daemonCommand";
import {
  LINK_COMMANDS,
  type NotificationTypes,
  type RequestTypes,
  ReverseRequests,
  type ReverseRequestTypes,
} from "./generated/protocol";
import type { Log } from "./log";
import { masked } from "./masking";
import { SetupProblem } from "./python/problem";
import { SECTION, writtenSettings } from "./settings";
import { skewOf } from "./skew";

/** Whether the daemon can be asked. */
export type DaemonState = "stopped" | "starting" | "ready" | "failed";

type Library = typeof import("./languageClient");
type Request = keyof RequestTypes;
type Notification = keyof NotificationTypes;
type Handlers = { readonly [N in Notification]: (params: NotificationTypes[N]) => void };
/** What answers each request of the daemon. */
export type Answers = {
  readonly [R in keyof ReverseRequestTypes]: (
    params: ReverseRequestTypes[R]["params"],
    token: vscode.CancellationToken,
  ) => Promise<ReverseRequestTypes[R]["result"]>;
};

const CRASHES_ALLOWED = 4;
const CRASH_WINDOW_MS = 180_000;

/** What the daemon is made of. */
export interface DaemonParts {
  readonly log: Log;
  /** How to start it; may take minutes on first use. Throws SetupProblem. */
  readonly locate: () => Promise<Located>;
  readonly handlers: Handlers;
  /** What the daemon may ask in its turn. */
  readonly answers: Answers;
  /** The settings of the manifest. */
  readonly settings: readonly string[];
  /** The extension's own version. */
  readonly version: string;
}

/** One daemon for the window. Every request starts it if need be. */
export class Daemon implements vscode.Disposable {
  readonly #parts: DaemonParts;
  readonly #states = new vscode.EventEmitter<DaemonState>();
  #client: LanguageClient | undefined;
  #starting: Promise<LanguageClient> | undefined;
  #restarting: Promise<void> | undefined;
  #crashes: number[] = [];
  #state: DaemonState = "stopped";

  /** Fires on every change of state; `ready` comes anew after a crash. */
  readonly onState = this.#states.event;

  constructor(parts: DaemonParts) {
    this.#parts = parts;
  }

  /** Whether the daemon can be asked. */
  get state(): DaemonState {
    return this.#state;
  }

  /** Starts the daemon unless it runs or is about to. Throws if it can't be started. */
  async start(): Promise<void> {
    await this.#running();
  }

  /** Stops the daemon and starts it again; calls that come while that goes on share it. */
  async restart(): Promise<void> {
    this.#restarting ??= this.#again().finally(() => {
      this.#restarting = undefined;
    });
    await this.#restarting;
  }

  async #again(): Promise<void> {
    const isFirst = this.#client === undefined && this.#state === "starting";
    if (!isFirst) await this.stop();
    await this.#running();
  }

  /** Stops the daemon; a Run that it drives can be resumed. */
  async stop(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    this.#starting = undefined;
    this.#set("stopped");
    await client?.dispose();
  }

  /** Asks the daemon. Throws its error, whose message is a sentence for people. */
  async request<R extends Request>(method: R, params: RequestTypes[R]["params"]): Promise<RequestTypes[R]["result"]> {
    const client = await this.#running();
    return params === null ? client.sendRequest(method) : client.sendRequest(method, params);
  }

  /** Tells the daemon that the settings changed. */
  async sendSettings(): Promise<void> {
    if (this.#state !== "ready") return;
    const settings = { [SECTION]: writtenSettings(this.#parts.settings) };
    await this.#client?.sendNotification("workspace/didChangeConfiguration", { settings });
  }

  dispose(): void {
    this.#states.dispose();
    void this.stop();
  }

  #running(): Promise<LanguageClient> {
    this.#starting ??= this.#start().catch((error) => {
      this.#starting = undefined;
      this.#set("failed");
      throw error;
    });
    return this.#starting;
  }

  /** Starts the daemon; where it is ours and yet of another version, that is installed anew, once. */
  async #start(): Promise<LanguageClient> {
    const { log, locate } = this.#parts;
    this.#set("starting");
    const located = await locate();
    try {
      return await this.#connect(located);
    } catch (error) {
      if (!(error instanceof SetupProblem && error.kind === "stale-daemon")) throw error;
      log.warn(`${error.message}: it is installed anew`);
      await located.discard();
      return await this.#connect(await locate());
    }
  }

  async #connect({ executable, named }: Located): Promise<LanguageClient> {
    const { log, handlers, answers, settings, version } = this.#parts;
    log.info(`Starting ${[executable.command, ...(executable.args ?? [])].join(" ")}`);
    const library = await import("./languageClient");
    const client = new library.LanguageClient(SECTION, "Contextune", executable, {
      documentSelector: [{ scheme: "file" }],
      initializationOptions: { client: "contextune-vscode" },
      outputChannel: log,
      traceOutputChannel: masked(log),
      revealOutputChannelOn: library.RevealOutputChannelOn.Never,
      initializationFailedHandler: () => false,
      errorHandler: this.#errorHandler(library),
      // Words of others cannot make a link in what the daemon sends; if they could, it would run none but these.
      markdown: { isTrusted: { enabledCommands: [...LINK_COMMANDS] } },
      middleware: {
        workspace: {
          configuration: ({ items }) =>
            items.map(({ scopeUri, section }) =>
              section === SECTION
                ? writtenSettings(settings, scopeUri ? vscode.Uri.parse(scopeUri) : undefined)
                : ((section ? vscode.workspace.getConfiguration().get(section) : null) ?? null),
            ),
        },
      },
    });
    for (const [method, handler] of Object.entries(handlers)) client.onNotification(method, handler);
    client.onRequest(ReverseRequests.modelList, answers[ReverseRequests.modelList]);
    client.onRequest(ReverseRequests.modelSend, answers[ReverseRequests.modelSend]);
    client.onDidChangeState(({ newState }) => {
      if (this.#client !== client) return;
      const { Running, Starting } = library.State;
      this.#set(newState === Running ? "ready" : newState === Starting ? "starting" : "stopped");
    });
    await client.start();
    const skew = skewOf(client.initializeResult, named, version);
    if (skew !== undefined) {
      await client.dispose();
      throw skew;
    }
    this.#client = client;
    this.#set("ready");
    return client;
  }

  #errorHandler({ CloseAction, ErrorAction }: Library): ErrorHandler {
    return {
      error: (error, _message, count) => {
        this.#parts.log.warn(`The connection to the daemon: ${error.message}`);
        return { action: (count ?? 0) <= 3 ? ErrorAction.Continue : ErrorAction.Shutdown, handled: true };
      },
      closed: () => {
        const now = Date.now();
        this.#crashes = [...this.#crashes.filter((at) => now - at < CRASH_WINDOW_MS), now];
        if (this.#crashes.length <= CRASHES_ALLOWED) return { action: CloseAction.Restart, handled: true };
        this.#crashes = [];
        this.#client = undefined;
        this.#starting = undefined;
        this.#set("failed");
        void this.#offerRestart();
        return { action: CloseAction.DoNotRestart, handled: true };
      },
    };
  }

  async #offerRestart(): Promise<void> {
    const restart = vscode.l10n.t("Restart Daemon");
    const show = vscode.l10n.t("Show Log");
    const text = vscode.l10n.t(
      "Contextune's daemon ended {0} times in three minutes and was left alone.",
      CRASHES_ALLOWED + 1,
    );
    const chosen = await vscode.window.showErrorMessage(text, restart, show);
    if (chosen === restart) await vscode.commands.executeCommand("contextune.restartDaemon");
    if (chosen === show) this.#parts.log.show();
  }

  #set(state: DaemonState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#states.fire(state);
  }
}
