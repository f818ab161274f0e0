/** Notifications: only when a person is needed, once for each occasion. */
import * as vscode from "vscode";
import { placeOf } from "./folders";
import type { RunView, TaskView } from "./generated/protocol";
import { budgetSetting, parkedText } from "./parkedText";
import type { Store } from "./store";
import { billText, passedTasks } from "./views/runs/words";

/** What a Run waits for or ended with, told when it comes about and not again. */
export class Notifications implements vscode.Disposable {
  readonly #asked = new Map<string, string>();
  /** Runs whose result was told and is not answered yet. */
  readonly #told = new Set<string>();
  readonly #unsubscribe: () => void;

  constructor(store: Store) {
    this.#unsubscribe = store.onChange((change) => {
      if (change.kind !== "run") return;
      const { before, run } = change;
      for (const task of run.tasks) this.#question(run, task);
      if (before !== undefined && before.state !== run.state) void this.#state(run);
    });
  }

  dispose(): void {
    this.#unsubscribe();
  }

  /** What was told of the state before is out of date: VS Code takes messages away only all together. */
  async #state(run: RunView): Promise<void> {
    if (this.#told.delete(run.id)) await vscode.commands.executeCommand("notifications.hideToasts");
    this.#told.add(run.id);
    await tellState(run);
    this.#told.delete(run.id);
  }

  #question(run: RunView, task: TaskView): void {
    const key = `${run.id} ${task.id}`;
    if (task.state !== "asking" || task.question === null) {
      this.#asked.delete(key);
      return;
    }
    const { text } = task.question;
    if (this.#asked.get(key) === text) return;
    this.#asked.set(key, text);
    void ask(run, task, text);
  }
}

async function ask(run: RunView, task: TaskView, question: string): Promise<void> {
  const byHand = task.toMerge.length > 0;
  const answer = byHand ? vscode.l10n.t("Merge by Hand") : vscode.l10n.t("Answer");
  const place = placeOf(run.repository);
  const asker = place === "" ? task.title : `${place} · ${task.title}`;
  const chosen = await vscode.window.showInformationMessage(`${asker}: ${question}`, answer);
  const command = byHand ? "contextune.mergeByHand" : "contextune.answerQuestion";
  if (chosen === answer) await vscode.commands.executeCommand(command, run.id, task.id);
}

async function tellState(run: RunView): Promise<void> {
  const command = (id: string): Thenable<unknown> => vscode.commands.executeCommand(`contextune.${id}`, run.id);
  if (run.state === "review") {
    const review = vscode.l10n.t("Review");
    const accept = vscode.l10n.t("Accept");
    const place = placeOf(run.repository);
    const told = vscode.l10n.t(
      "Ready for review: {0} of {1} Tasks, {2}",
      passedTasks(run),
      run.tasks.length,
      billText(run.bill),
    );
    const text = place === "" ? told : `${told} · ${place}`;
    const chosen = await vscode.window.showInformationMessage(text, review, accept);
    if (chosen === review) await command("reviewRun");
    if (chosen === accept) await command("acceptRun");
  } else if (run.state === "failed") {
    const show = vscode.l10n.t("Show Runs");
    const text = vscode.l10n.t("“{0}” ended with nothing to accept. {1}", run.title, run.reason || firstReason(run));
    const chosen = await vscode.window.showWarningMessage(text, show);
    if (chosen === show) await vscode.commands.executeCommand("contextune.runs.focus");
  } else if (run.state === "parked") {
    const setting = budgetSetting(run);
    const raise = setting === undefined ? vscode.l10n.t("Raise the Budget") : vscode.l10n.t("Open Settings");
    const stop = vscode.l10n.t("Cancel the Run");
    const chosen = await vscode.window.showWarningMessage(parkedText(run), raise, stop);
    if (chosen === raise && setting === undefined) await command("resumeRun");
    if (chosen === raise && setting !== undefined)
      await vscode.commands.executeCommand("workbench.action.openSettings", setting);
    if (chosen === stop) await command("cancelRun");
  }
}

function firstReason(run: RunView): string {
  return run.tasks.find(({ state, reason }) => state === "failed" && reason !== "")?.reason ?? "";
}
