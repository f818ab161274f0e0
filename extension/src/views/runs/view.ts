/** The Runs view: Run, Tasks, attempts and changed files, live. */
import * as vscode from "vscode";
import type { Store } from "../../store";
import { Tree } from "../tree";
import { RunNode } from "./runNode";

const VIEW = "contextune.runs";

/** Shows the store's Runs; its badge counts what waits for a person. */
export class RunsView implements vscode.Disposable {
  readonly #disposables: vscode.Disposable[];

  constructor(store: Store) {
    const tree = new Tree(() => store.runs().map((run, index) => new RunNode(run, index === 0)));
    const view = vscode.window.createTreeView(VIEW, { treeDataProvider: tree, showCollapseAll: true });
    let told = 0;
    const unsubscribe = store.onChange(({ kind }) => {
      if (kind !== "run") return;
      tree.refresh();
      const runs = store.runs();
      const asking = runs.flatMap(({ tasks }) => tasks).filter(({ state }) => state === "asking").length;
      const waiting = asking + runs.filter(({ state }) => state === "review" || state === "parked").length;
      if (waiting === told) return;
      told = waiting;
      view.badge =
        waiting === 0 ? undefined : { value: waiting, tooltip: vscode.l10n.t("Waiting for you: {0}", waiting) };
    });
    this.#disposables = [view, tree, { dispose: unsubscribe }];
  }

  dispose(): void {
    for (const one of this.#disposables) one.dispose();
  }
}
