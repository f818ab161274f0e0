/** The Runs view: Run, Tasks, attempts and changed files, live; older Runs by age, and a search. */
import * as vscode from "vscode";
import type { RunView, TaskView } from "../../generated/protocol";
import type { Store } from "../../store";
import type { Node } from "../node";
import { Tree } from "../tree";
import { AgeNode } from "./ageNode";
import { byAge, filterText, found } from "./history";
import { RunNode } from "./runNode";

const VIEW = "contextune.runs";

/** Milliseconds between two draws for each Task at work: VS Code asks for every row, and ten that move are not read faster. */
const MS_A_MOVING_TASK = 50;

const isMoving = ({ state, halted }: TaskView) =>
  halted === null && (state === "working" || state === "testing" || state === "joining");

/** Shows the store's Runs; its badge counts what waits for a person. */
export class RunsView implements vscode.Disposable {
  readonly #store: Store;
  readonly #tree: Tree;
  readonly #view: vscode.TreeView<Node>;
  readonly #disposables: vscode.Disposable[];
  #filter = "";

  constructor(store: Store) {
    this.#store = store;
    this.#tree = new Tree(
      () => this.#roots(),
      () => MS_A_MOVING_TASK * store.runs().flatMap(({ tasks }) => tasks.filter(isMoving)).length,
    );
    const view = vscode.window.createTreeView(VIEW, { treeDataProvider: this.#tree, showCollapseAll: true });
    this.#view = view;
    let told = 0;
    const unsubscribe = store.onChange(({ kind }) => {
      if (kind !== "run") return;
      this.#tree.refresh();
      const runs = store.runs();
      const asking = runs.flatMap(({ tasks }) => tasks).filter(({ state }) => state === "asking").length;
      const waiting = asking + runs.filter(({ state }) => state === "review" || state === "parked").length;
      if (waiting === told) return;
      told = waiting;
      view.badge =
        waiting === 0 ? undefined : { value: waiting, tooltip: vscode.l10n.t("Waiting for you: {0}", waiting) };
    });
    this.#disposables = [view, this.#tree, this.#tree.shownBy(view), { dispose: unsubscribe }];
  }

  /** What is searched for; empty for nothing. */
  get filter(): string {
    return this.#filter;
  }

  /** Shows only Runs with these words; those that wait for a person are counted all the same. */
  search(filter: string): void {
    this.#filter = filter.trim();
    void vscode.commands.executeCommand("setContext", "contextune.runsFiltered", this.#filter !== "");
    this.#tree.refresh();
  }

  dispose(): void {
    for (const one of this.#disposables) one.dispose();
  }

  #found(): readonly RunView[] {
    if (this.#filter === "") return this.#store.runs();
    const texts = new Map(this.#store.allTodos().map(({ todo }) => [todo.id, todo.text]));
    return found(this.#store.runs(), this.#filter, (id) => texts.get(id));
  }

  #roots(): readonly Node[] {
    const shown = this.#found();
    // Told with the rows that it is about, and searched for no more often than these are drawn.
    const message = filterText(this.#filter, shown.length, this.#store.runs().length);
    if (this.#view.message !== message) this.#view.message = message;
    const { now, groups } = byAge(shown, Date.now());
    const runs = now.map((run, index) => new RunNode(run, index === 0));
    return [...runs, ...groups.map((group) => new AgeNode(group, this.#filter !== ""))];
  }
}
