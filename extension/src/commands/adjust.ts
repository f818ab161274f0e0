/** Changes a Run, while it goes on or for a Task that is done again: what it may cost, and how many agents work at the same time. */
import * as vscode from "vscode";
import type { Command } from "../application";
import { Requests } from "../generated/protocol";
import { chooseRun, runCan } from "./subjects";
import { askAgents, askBudget } from "./terms";

/** Asks what to change, and to what; the daemon says why something is impossible. */
export const adjustRun: Command = async (app, ...args) => {
  const run = await chooseRun(app, args, runCan("adjustable"), vscode.l10n.t("No Run can be changed."));
  if (run === undefined) return;
  const items = [
    { label: vscode.l10n.t("Budget"), description: run.budgetText, detail: spentText(run.bill.text), what: "budget" },
    { label: vscode.l10n.t("Agents"), description: String(run.agents), detail: agentsDetail(), what: "agents" },
  ] as const;
  const picked = await vscode.window.showQuickPick(items, {
    title: run.title,
    placeHolder: vscode.l10n.t("What shall change?"),
  });
  if (picked === undefined) return;
  const wanted =
    picked.what === "budget" ? await askBudget(run.title, run.budgetText) : await askAgents(run.title, run.agents);
  if (wanted === undefined) return;
  app.store.setRun(await app.daemon.request(Requests.runAdjust, { runId: run.id, ...wanted }));
};

const spentText = (spent: string): string => vscode.l10n.t("In all; {0} is spent", spent);
const agentsDetail = (): string => vscode.l10n.t("At the same time; fewer let those at work go on");
