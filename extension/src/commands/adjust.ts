/** Changes a Run while it goes on, or for a Task that is done again: its budgets, its agents, where Tasks begin. */
import * as vscode from "vscode";
import type { Application, Command } from "../application";
import { Requests, type RunAdjustParams, type RunView } from "../generated/protocol";
import { chooseRun, chooseTask, runCan, taskCan } from "./subjects";
import { askAgents, askBudget, askChange, type Changeable, changeableBounds } from "./terms";

type Change = Omit<RunAdjustParams, "runId">;

/** Asks what to change, and to what; the daemon says why something is impossible. */
export const adjustRun: Command = async (app, ...args) => {
  const run = await chooseRun(app, args, runCan("adjustable"), vscode.l10n.t("No Run can be changed."));
  if (run === undefined) return;
  const waiting = run.tasks.filter(({ isToBegin }) => isToBegin).length;
  const items: Changeable<Change>[] = [
    {
      label: vscode.l10n.t("Budget"),
      description: run.budgetText,
      detail: spentText(run.bill.text),
      ask: () => askBudget(run.title, run.budgetText),
    },
    {
      label: vscode.l10n.t("Agents"),
      description: String(run.agents),
      detail: agentsDetail(),
      ask: () => askAgents(run.title, run.agents),
    },
    ...changeableBounds(run, run.maxRequests !== null || run.bill.unpriced > 0),
  ];
  if (waiting > 0) {
    items.push({
      label: vscode.l10n.t("Rung of Waiting Tasks"),
      description: String(waiting),
      detail: vscode.l10n.t("Where Tasks begin that wait for their first agent; those at work keep theirs"),
      ask: () => askRung(app, run, run.title),
    });
  }
  const wanted = await askChange(run.title, items);
  if (wanted === undefined) return;
  app.store.setRun(await app.daemon.request(Requests.runAdjust, { runId: run.id, ...wanted }));
};

/** Has one Task that waits for its first agent begin on another rung. */
export const chooseRung: Command = async (app, ...args) => {
  const nothing = vscode.l10n.t("No Task waits for its first agent.");
  const found = await chooseTask(app, args, taskCan("movable"), nothing);
  if (found === undefined) return;
  const wanted = await askRung(app, found.run, found.task.title, [found.task.id]);
  if (wanted === undefined) return;
  app.store.setRun(await app.daemon.request(Requests.runAdjust, { runId: found.run.id, ...wanted }));
};

/** The rung that the user chooses by its price; undefined if none. All Tasks that wait are meant if none is named. */
async function askRung(
  app: Application,
  run: RunView,
  title: string,
  taskIds: readonly string[] = [],
): Promise<Change | undefined> {
  const offer = await app.daemon.request(Requests.runRungs, { runId: run.id, taskIds: [...taskIds] });
  const items = offer.rungs.map(({ start, rung, price, chosen, lack }) => ({
    label: rung.text,
    description: chosen ? vscode.l10n.t("chosen now") : lack === "" ? "" : vscode.l10n.t("more than is left"),
    detail: price.text,
    start,
  }));
  const picked = await vscode.window.showQuickPick(items, {
    title,
    placeHolder: vscode.l10n.t("Where an agent begins; {0} of the Run's budget is left", offer.roomText),
    ignoreFocusOut: true,
  });
  return picked === undefined ? undefined : { start: picked.start, taskIds: [...offer.taskIds] };
}

const spentText = (spent: string): string => vscode.l10n.t("In all; {0} is spent", spent);
const agentsDetail = (): string => vscode.l10n.t("At the same time; fewer let those at work go on");
