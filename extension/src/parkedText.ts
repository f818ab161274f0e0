/** A Run that waits at a budget: which one it is, and where that is raised. */
import { l10n } from "vscode";
import type { RunView } from "./generated/protocol";

type Scope = NonNullable<RunView["parkedBy"]>;

/** Budgets beyond a Run's own, which the settings hold. */
const settings: Readonly<Record<Exclude<Scope, "run">, string>> = {
  request: "contextune.requestBudget",
  requests: "contextune.maxRequests",
  task: "contextune.taskBudget",
  day: "contextune.dayBudget",
  month: "contextune.monthBudget",
};

/** Whether it is the Run's own budget, so that a new one lets it go on. */
export function isAtOwnBudget({ parkedBy }: RunView): boolean {
  return parkedBy === null || parkedBy === "run";
}

/** The setting that holds the budget which is reached; undefined if it is the Run's own. */
export function budgetSetting({ parkedBy }: RunView): string | undefined {
  return parkedBy === null || parkedBy === "run" ? undefined : settings[parkedBy];
}

/** Which budget is reached, in the daemon's words where it gave any, and what to do. */
export function parkedText(run: RunView): string {
  const names: Record<Scope, string> = {
    request: l10n.t("The budget of a request is reached."),
    requests: l10n.t("The requests that a Run may send without a price are used up."),
    task: l10n.t("The budget of a Task is reached."),
    run: l10n.t("Its budget of {0} is reached.", run.budgetText),
    day: l10n.t("The budget of the day is reached."),
    month: l10n.t("The budget of the month is reached."),
  };
  const remedy = isAtOwnBudget(run) ? "" : l10n.t("Raise it in the settings, then resume the Run.");
  const parts = [l10n.t("“{0}” waits.", run.title), run.reason || names[run.parkedBy ?? "run"], remedy];
  return parts.filter((part) => part !== "").join(" ");
}
