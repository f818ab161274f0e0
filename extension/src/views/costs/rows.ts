/** The rows of the Costs view: what was spent, what that bought, what could be cheaper. */
import { l10n } from "vscode";
import type { CostGroup, CostView } from "../../generated/protocol";
import type { Node } from "../node";
import { AmountNode } from "./amountNode";
import { FactNode } from "./factNode";
import { GroupNode } from "./groupNode";
import { RunCostNode } from "./runCostNode";
import { SuggestionNode } from "./suggestionNode";
import { facts, perTodoTooltip, unstartedText } from "./words";

/** The rows of a summary; none if nothing was ever spent. */
export function rows(costs: CostView): readonly Node[] {
  const { total, today, runs, method } = costs;
  if (runs.length === 0 && total.requests === 0) return [];
  const note = [method, ...costs.remarks].join("\n");
  return [
    new AmountNode({ id: "today", name: l10n.t("Today"), bill: today, icon: "calendar", note }),
    new AmountNode({ id: "total", name: l10n.t("All Time"), bill: total, icon: "graph", note }),
    ...group(
      "suggestions",
      l10n.t("Suggestions"),
      costs.suggestions.map((one) => new SuggestionNode(one)),
      true,
    ),
    ...group("days", l10n.t("Days"), amounts("day", costs.days, "calendar")),
    ...group("runs", l10n.t("Runs"), [...runs.map((run) => new RunCostNode(run)), ...unstarted(costs)]),
    ...group("roles", l10n.t("Roles"), roles(costs)),
    ...group("models", l10n.t("Models"), amounts("model", costs.models, "chip")),
    ...group("repositories", l10n.t("Repositories"), repositories(costs)),
    ...group("perTodo", l10n.t("Each Accepted Todo"), perTodo(costs)),
    ...group("facts", l10n.t("Where It Went"), whereItWent(costs)),
    ...group("rates", l10n.t("Success by Kind and Rung"), rates(costs)),
  ];
}

/** Only what is to be acted on is open at first: the headings together tell what there is. */
function group(id: string, label: string, below: readonly Node[], expanded = false): Node[] {
  return below.length === 0 ? [] : [new GroupNode(id, label, below, expanded)];
}

function amounts(kind: string, groups: readonly CostGroup[], icon: string): Node[] {
  return groups.map(({ key, name, bill }) => new AmountNode({ id: `${kind}:${key}`, name, bill, icon }));
}

function perTodo({ perTodo, perTodoMethod }: CostView): Node[] {
  return perTodo.map(
    (one, index) =>
      new FactNode({
        id: `perTodo:${index}`,
        label: one.text,
        description: one.label,
        tooltip: perTodoTooltip(one, perTodoMethod),
        icon: "target",
      }),
  );
}

function whereItWent(costs: CostView): Node[] {
  return facts(costs).map((label, index) => new FactNode({ id: `pattern:${index}`, label, icon: "pie-chart" }));
}

function unstarted({ unstarted: { quotes, bill } }: CostView): Node[] {
  if (quotes === 0) return [];
  const name = unstartedText(quotes);
  return [new AmountNode({ id: "unstarted", name, bill, icon: "circle-slash", amountFirst: true })];
}

function roles(costs: CostView): Node[] {
  return costs.roles.map(({ role, model, bill }) => {
    const name = `${role} · ${model}`;
    return new AmountNode({ id: `role:${name}`, name, bill, icon: "person", amountFirst: true });
  });
}

/** One repository alone says no more than the total. */
function repositories(costs: CostView): Node[] {
  if (costs.repositories.length < 2) return [];
  return costs.repositories.map(
    ({ key, name, bill }) => new AmountNode({ id: `repository:${key}`, name, bill, icon: "repo", note: key }),
  );
}

function rates(costs: CostView): Node[] {
  return costs.rates.map(
    ({ kind, rung, text, bounds, eachText }) =>
      new FactNode({
        id: `rate:${kind}:${rung.text}`,
        label: text,
        description: `${kind} · ${rung.text} · ${eachText}`,
        tooltip: l10n.t("Passed {0} times, in the long run {1}; {2} each.", text, bounds, eachText),
        icon: "beaker",
      }),
  );
}
