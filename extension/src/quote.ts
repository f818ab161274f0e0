/** From Todos or a Goal to a Run: the Quote is made, kept open in the Quote view, changed and started. */
import * as vscode from "vscode";
import type { Daemon } from "./client";
import {
  type QuoteArrangeParams,
  type QuoteChanged,
  type QuoteChangeParams,
  type QuoteCreateParams,
  type QuoteMoveParams,
  type QuoteView,
  Requests,
} from "./generated/protocol";
import type { Secrets } from "./secrets";
import { SECTION } from "./settings";
import type { Store } from "./store";
import { workspaceIsTrusted } from "./trust";

/** Milliseconds that a Quote may take before a notification tells of it. */
const UNTOLD_MS = 1000;

/** VS Code's names of whether a Quote is open, which makes room for it in the side bar, and whether it was changed. */
const CONTEXT = { open: "contextune.quoted", changed: "contextune.quoteChanged" };

/** Makes Quotes, and holds the one that is open. */
export class Quotes implements vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #unsubscribe: () => void;
  readonly #state: vscode.Disposable;
  #open: QuoteView | undefined;
  /** Fires when another Quote is open, or the open one has changed. */
  readonly onChange = this.#changed.event;

  constructor(
    private readonly daemon: Daemon,
    private readonly store: Store,
    private readonly secrets: Secrets,
  ) {
    // It follows what is settled meanwhile on the TODO lines.
    this.#unsubscribe = store.onChange((change) => {
      if (change.kind === "quote" && change.quote.quoteId === this.#open?.id && change.quote.quote !== null)
        this.#show(change.quote.quote);
    });
    // An open Quote lives in the daemon's memory.
    this.#state = daemon.onState((state) => {
      if (state === "ready" || this.#open === undefined) return;
      this.#close(this.#open);
      const gone = vscode.l10n.t("The Quote went with the daemon. Nothing has started; make it again.");
      void vscode.window.showInformationMessage(gone);
    });
  }

  /** The Quote that is open. */
  get open(): QuoteView | undefined {
    return this.#open;
  }

  /** Quotes what `params` names, and shows it in place of the one that was open. */
  async make(params: QuoteCreateParams): Promise<void> {
    if (!(await workspaceIsTrusted()) || !(await this.secrets.ready())) return;
    const quote = await this.#planned(params);
    if (quote === undefined) return;
    if (this.#open !== undefined) await this.leave();
    this.#show(quote);
    await vscode.commands.executeCommand("contextune.quote.focus");
  }

  /** Puts the open Quote on other terms; the daemon prices it anew. */
  async change(terms: Omit<QuoteChangeParams, "quoteId">): Promise<void> {
    await this.#ask((quoteId) => this.daemon.request(Requests.quoteChange, { quoteId, ...terms }));
  }

  /** Changes how two Tasks of a Quote run. */
  async arrange(params: QuoteArrangeParams): Promise<void> {
    await this.daemon.request(Requests.quoteArrange, params);
  }

  /** Has a Task run after another one. */
  async runAfter(taskId: string, earlier: string): Promise<void> {
    const pair = { choice: "reverse", first: earlier, second: taskId } as const;
    await this.#ask((quoteId) => this.daemon.request(Requests.quoteArrange, { quoteId, ...pair }));
  }

  /** Puts a Task a step earlier or later, or at the end of a wave, counted from 1. */
  async move(taskId: string, to: Pick<QuoteMoveParams, "step" | "wave">): Promise<void> {
    await this.#ask((quoteId) => this.daemon.request(Requests.quoteMove, { quoteId, taskId, ...to }));
  }

  /** Makes one Task of several. */
  async merge(taskIds: readonly string[]): Promise<void> {
    await this.#ask((quoteId) => this.daemon.request(Requests.quoteMerge, { quoteId, taskIds: [...taskIds] }));
  }

  /** Makes a Task for each Todo of a Task. */
  async split(taskId: string): Promise<void> {
    await this.#ask((quoteId) => this.daemon.request(Requests.quoteSplit, { quoteId, taskId }));
  }

  /** Takes the last change back. */
  async restore(): Promise<void> {
    await this.#ask((quoteId) => this.daemon.request(Requests.quoteRestore, { quoteId }));
  }

  /** Starts the Run of the open Quote; undefined if there is none, or the user does not want it after all. */
  async start(): Promise<string | undefined> {
    const quote = this.#open;
    if (quote === undefined) return undefined;
    const issues = await issuesWanted();
    if (issues === undefined) return undefined;
    const { runId } = await this.daemon.request(Requests.runStart, { quoteId: quote.id, issues });
    this.#close(quote);
    this.store.setRun(await this.daemon.request(Requests.runGet, { runId }));
    return runId;
  }

  /** Puts the open Quote away. */
  async leave(): Promise<void> {
    const quote = this.#open;
    if (quote === undefined) return;
    this.#close(quote);
    await this.daemon.request(Requests.quoteLeave, { quoteId: quote.id });
  }

  dispose(): void {
    this.#unsubscribe();
    this.#state.dispose();
    this.#changed.dispose();
  }

  /** The Quote as it then is comes by `contextune/quote/changed`, as it does when another part of VS Code asked. */
  async #ask(request: (quoteId: string) => Promise<unknown>): Promise<void> {
    if (this.#open !== undefined) await request(this.#open.id);
  }

  #show(quote: QuoteView | undefined): void {
    this.#open = quote;
    void vscode.commands.executeCommand("setContext", CONTEXT.open, quote !== undefined);
    void vscode.commands.executeCommand("setContext", CONTEXT.changed, quote?.canRestore ?? false);
    this.#changed.fire();
  }

  #close({ id }: QuoteView): void {
    this.#show(undefined);
    this.store.dropQuote(id);
  }

  /** The Quote once it is ready; undefined if the user stops waiting. Throws what made it fail. */
  async #planned(params: QuoteCreateParams): Promise<QuoteView | undefined> {
    const { quoteId } = await this.daemon.request(Requests.quoteCreate, params);
    const { ready, stop, follow } = this.#awaited(quoteId);
    // VS Code keeps a notification for most of a second: it would lie over a Quote that is there sooner.
    const patience = new Promise<"late">((resolve) => setTimeout(resolve, UNTOLD_MS, "late"));
    if ((await Promise.race([ready, patience])) !== "late") return ready;
    const options = {
      location: vscode.ProgressLocation.Notification,
      title: vscode.l10n.t("Making a Quote"),
      cancellable: true,
    };
    return vscode.window.withProgress(options, (progress, token) => {
      token.onCancellationRequested(stop);
      follow((message) => progress.report({ message }));
      return ready;
    });
  }

  /** A Quote in the making: what becomes of it, a way to stop waiting, and one to hear how far it is. */
  #awaited(quoteId: string) {
    let tell: (stage: string) => void = () => {};
    let stop: () => void = () => {};
    const ready = new Promise<QuoteView | undefined>((resolve, reject) => {
      const take = (news: QuoteChanged | undefined): void => {
        if (news === undefined) return;
        if (news.state === "planning") tell(news.stage);
        else unsubscribe();
        if (news.state === "ready") resolve(news.quote ?? undefined);
        if (news.state === "failed") reject(new Error(news.stage));
      };
      const unsubscribe = this.store.onChange((change) => {
        if (change.kind === "quote" && change.quote.quoteId === quoteId) take(change.quote);
      });
      stop = () => {
        unsubscribe();
        resolve(undefined);
      };
      take(this.store.quote(quoteId));
    });
    const follow = (listener: (stage: string) => void): void => {
      tell = listener;
      const news = this.store.quote(quoteId);
      if (news?.state === "planning") tell(news.stage);
    };
    return { ready, stop, follow };
  }
}

/** Whether the Run makes issues on GitHub: null for what the settings say; undefined if it is not to start after all. */
async function issuesWanted(): Promise<boolean | null | undefined> {
  if (vscode.workspace.getConfiguration(SECTION).get<string>("issues") !== "ask") return null;
  const make = vscode.l10n.t("Make Issues");
  const without = vscode.l10n.t("Start Without");
  const text = vscode.l10n.t("Make issues on GitHub for this Run?");
  const said = await vscode.window.showInformationMessage(text, { modal: true }, make, without);
  return said === undefined ? undefined : said === make;
}
