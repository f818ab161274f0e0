/** The Costs view, fetched while it is visible. */
import * as vscode from "vscode";
import type { Daemon } from "../../client";
import { Requests, type RunView } from "../../generated/protocol";
import type { Log } from "../../log";
import { excess } from "../../savingText";
import { SECTION } from "../../settings";
import type { Store } from "../../store";
import type { Node } from "../node";
import { Tree } from "../tree";
import { rows } from "./rows";

const VIEW = "contextune.costs";
/** A summary reads the whole ledger, so that there is this much between two; the first news comes at once. */
const FETCH_MS = 3000;

/** Whether a person looks now: the Run has come to another state, or another of its Tasks asks. */
function isNoticed(before: RunView | undefined, run: RunView): boolean {
  const asking = (view: RunView | undefined) => view?.tasks.filter(({ state }) => state === "asking").length ?? 0;
  return before?.state !== run.state || asking(before) < asking(run);
}

/** Shows the daemon's cost summary. */
export class CostsView implements vscode.Disposable {
  readonly #daemon: Daemon;
  readonly #log: Log;
  readonly #tree: Tree;
  readonly #view: vscode.TreeView<Node>;
  readonly #disposables: vscode.Disposable[];
  #rows: readonly Node[] = [];
  #pending: NodeJS.Timeout | undefined;
  #fetchedAt = Number.NEGATIVE_INFINITY;

  constructor(daemon: Daemon, store: Store, log: Log) {
    this.#daemon = daemon;
    this.#log = log;
    this.#tree = new Tree(() => this.#rows);
    this.#view = vscode.window.createTreeView(VIEW, { treeDataProvider: this.#tree, showCollapseAll: true });
    const unsubscribe = store.onChange((change) => {
      if (change.kind === "run" && isNoticed(change.before, change.run)) this.#fetchNow();
      else if (change.kind === "meter" || change.kind === "run") this.#fetchSoon();
    });
    this.#disposables = [
      this.#view,
      this.#tree,
      this.#tree.shownBy(this.#view),
      { dispose: unsubscribe },
      this.#view.onDidChangeVisibility(() => this.#fetchSoon()),
      // Suggestions depend on what is set already.
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration(SECTION)) this.#fetchNow();
      }),
      daemon.onState((state) => {
        if (state === "ready") this.#fetchSoon();
      }),
    ];
  }

  dispose(): void {
    clearTimeout(this.#pending);
    for (const one of this.#disposables) one.dispose();
  }

  /** What a person sees at rest must be the last word: a Run that came to its end waits for nothing. */
  #fetchNow(): void {
    this.#fetchedAt = Number.NEGATIVE_INFINITY;
    clearTimeout(this.#pending);
    this.#pending = undefined;
    this.#fetchSoon();
  }

  #fetchSoon(): void {
    if (!this.#view.visible || this.#daemon.state !== "ready") return;
    const rest = Math.max(0, this.#fetchedAt + FETCH_MS - performance.now());
    this.#pending ??= setTimeout(() => {
      this.#pending = undefined;
      this.#fetchedAt = performance.now();
      void this.#fetch();
    }, rest);
  }

  async #fetch(): Promise<void> {
    try {
      const costs = await this.#daemon.request(Requests.costSummary, {});
      this.#rows = rows(costs);
      this.#view.description =
        costs.total.saving === null || excess(costs.total.saving) ? "" : vscode.l10n.t("{0} saved", costs.total.saving);
      this.#tree.refresh();
    } catch (error) {
      this.#log.warn(`Costs: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
