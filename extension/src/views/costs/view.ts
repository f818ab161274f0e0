/** The Costs view: totals, days, Runs and roles, fetched while it is visible. */
import * as vscode from "vscode";
import type { Daemon } from "../../client";
import { type CostView, Requests } from "../../generated/protocol";
import type { Log } from "../../log";
import type { Store } from "../../store";
import { type Node, Tree } from "../tree";
import { AmountNode } from "./amountNode";
import { GroupNode } from "./groupNode";
import { RunCostNode } from "./runCostNode";

const VIEW = "contextune.costs";
const FETCH_MS = 1000;

/** The rows of a summary; none if nothing was ever spent. */
function rows(costs: CostView): readonly Node[] {
  const { days, roles, runs, method } = costs;
  if (runs.length === 0) return [];
  return [
    new AmountNode({ id: "today", name: vscode.l10n.t("Today"), bill: costs.today, icon: "calendar", note: method }),
    new AmountNode({ id: "total", name: vscode.l10n.t("All Time"), bill: costs.total, icon: "graph", note: method }),
    new GroupNode(
      "days",
      vscode.l10n.t("Days"),
      days.map(({ day, bill }) => new AmountNode({ id: `day:${day}`, name: day, bill, icon: "calendar" })),
    ),
    new GroupNode(
      "runs",
      vscode.l10n.t("Runs"),
      runs.map((run) => new RunCostNode(run)),
    ),
    new GroupNode(
      "roles",
      vscode.l10n.t("Roles"),
      roles.map(({ role, model, bill }) => {
        const name = `${role} · ${model}`;
        return new AmountNode({ id: `role:${name}`, name, bill, icon: "person", amountFirst: true });
      }),
    ),
  ];
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

  constructor(daemon: Daemon, store: Store, log: Log) {
    this.#daemon = daemon;
    this.#log = log;
    this.#tree = new Tree(() => this.#rows);
    this.#view = vscode.window.createTreeView(VIEW, { treeDataProvider: this.#tree, showCollapseAll: true });
    const unsubscribe = store.onChange(({ kind }) => {
      if (kind === "meter" || kind === "run") this.#fetchSoon();
    });
    this.#disposables = [
      this.#view,
      this.#tree,
      { dispose: unsubscribe },
      this.#view.onDidChangeVisibility(() => this.#fetchSoon()),
      daemon.onState((state) => {
        if (state === "ready") this.#fetchSoon();
      }),
    ];
  }

  dispose(): void {
    clearTimeout(this.#pending);
    for (const one of this.#disposables) one.dispose();
  }

  #fetchSoon(): void {
    if (!this.#view.visible || this.#daemon.state !== "ready") return;
    this.#pending ??= setTimeout(() => {
      this.#pending = undefined;
      void this.#fetch();
    }, FETCH_MS);
  }

  async #fetch(): Promise<void> {
    try {
      const costs = await this.#daemon.request(Requests.costSummary, {});
      this.#rows = rows(costs);
      this.#view.description = costs.total.saving === null ? "" : vscode.l10n.t("{0} saved", costs.total.saving);
      this.#tree.refresh();
    } catch (error) {
      this.#log.warn(`Costs: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
