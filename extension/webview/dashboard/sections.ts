/** The parts of the page, each made anew from what the daemon says. Nothing is reckoned here but places to draw at. */

import type { Words } from "../../src/dashboard/messages";
import type { BillView, ComparisonView, DashboardView, SuggestionView } from "../../src/generated/protocol";
import { besideSonnet } from "../../src/savingText";
import { element } from "./element";
import { filled } from "./figures";
import { colourOf } from "./spending";
import { type AmountRow, amountTable, plainTable } from "./table";

/** What a part may ask for. */
export interface Asks {
  openRun(runId: string): void;
  apply(suggestion: string): void;
}

const count = (number: number, language: string): string => number.toLocaleString(language);

/** The figures that one looks at first. */
export function tiles(view: DashboardView, words: Words, language: string): HTMLElement {
  const { total, today, method, perTodo } = view.costs;
  const each = perTodo[0];
  const n = (number: number): string => count(number, language);
  const unpriced = total.unpriced > 0 ? filled(words.unpriced, n(total.unpriced)) : undefined;
  const figures = element(
    "div",
    { class: "tiles" },
    tile(words.spent, total.text, unpriced ?? filled(words.requests, n(total.requests))),
    tile(
      words.saved,
      total.saving ?? "–",
      total.saving === null ? words.noSaving : filled(words.savedOf, total.atSonnetText),
    ),
    tile(words.todaysTotal, today.text, filled(words.requests, n(today.requests))),
    tile(words.cached, view.cachedText || "–", filled(words.cachedHint, n(total.inputTokens))),
    each === undefined ? undefined : tile(words.perTodo, each.eachText || "–", each.detail),
  );
  const how = total.saving === null ? undefined : element("p", { class: "hint method" }, `${words.saved}: ${method}`);
  return element("div", {}, figures, how);
}

function tile(name: string, figure: string, hint: string): HTMLElement {
  return element(
    "section",
    { class: "tile", "aria-label": name },
    element("h2", {}, name),
    element("p", { class: "figure" }, figure),
    element("p", { class: "hint" }, hint),
  );
}

/** Which colour is which model, and what each cost. */
export function legend({ series }: DashboardView): HTMLElement {
  return element(
    "ul",
    { class: "legend" },
    ...series.map(({ name, text }, index) => {
      const key = element("span", { class: "key", "aria-hidden": "true" });
      key.style.background = `var(${colourOf(index)})`;
      return element("li", {}, key, `${name} `, element("span", { class: "amount" }, text));
    }),
  );
}

/** The bars as a table. */
export function spansTable({ spans }: DashboardView, words: Words): HTMLElement {
  const rows = spans
    .filter(({ bill }) => bill.requests > 0)
    .map(({ label, bill }) => [label, bill.text, bill.saving === null ? "" : besideSonnet(bill.saving)]);
  const table = plainTable(words.overTime, [words.day, words.amount, words.saved], rows, true);
  return element("details", {}, element("summary", {}, words.asTable), table);
}

/** What each model, role and Task cost. */
export function groups(view: DashboardView, words: Words, asks: Asks): HTMLElement[] {
  const row = (name: string, bill: BillView, more: Partial<AmountRow> = {}): AmountRow => ({
    name,
    text: bill.text,
    dollars: bill.dollars,
    saving: bill.saving,
    ...more,
  });
  const models = view.costs.models.map(({ name, bill }) => row(name, bill));
  const names = new Map(view.costs.models.map(({ key, name }) => [key, name]));
  const roles = [...view.costs.roles]
    .sort((one, other) => Number(other.bill.dollars) - Number(one.bill.dollars))
    .map(({ role, model, bill }) => row(`${role} · ${names.get(model) ?? model}`, bill));
  const tasks = view.tasks.map(({ key, name, bill }) => {
    const runId = key.split("/")[0] ?? key;
    return row(name, bill, { open: { label: filled(words.openRun, name), go: () => asks.openRun(runId) } });
  });
  const more =
    view.tasksLeftOut > 0 ? element("p", { class: "hint" }, filled(words.moreTasks, view.tasksLeftOut)) : undefined;
  return [
    card(words.byModel, amountTable(words.byModel, [words.model, words.share, words.amount, words.saved], models)),
    card(words.byRole, amountTable(words.byRole, [words.role, words.share, words.amount, words.saved], roles)),
    ...(tasks.length === 0
      ? []
      : [
          card(
            words.byTask,
            amountTable(words.byTask, [words.task, words.share, words.amount, words.saved], tasks),
            more,
          ),
        ]),
  ];
}

/** What was quoted beside what was paid: a line from low to high with a mark for the cost. */
export function quoted(view: DashboardView, words: Words): HTMLElement | undefined {
  if (view.quoted.length === 0) return undefined;
  const rows = view.quoted.map((one) => {
    const line = element("span", { class: "line" });
    const range = element("span", { class: "range" });
    range.style.left = `${Number(one.low) * 100}%`;
    range.style.width = `${Math.max((Number(one.high) - Number(one.low)) * 100, 0.5)}%`;
    const cost = element("span", { class: `mark ${one.verdict}` });
    cost.style.left = `${Number(one.cost) * 100}%`;
    line.append(range, cost);
    return element(
      "tr",
      {},
      element("th", { scope: "row", title: one.title }, one.title),
      element("td", { class: "bar", "aria-hidden": "true" }, one.verdict === "unpriced" ? undefined : line),
      element("td", {}, one.text),
    );
  });
  const table = element(
    "table",
    { class: "amounts quotes" },
    element("caption", {}, words.quotedAgainst),
    element(
      "thead",
      { class: "quiet" },
      element(
        "tr",
        {},
        element("th", { scope: "col" }, words.run),
        element("td", { "aria-hidden": "true" }),
        element("th", { scope: "col" }, words.cost),
      ),
    ),
    element("tbody", {}, ...rows),
  );
  return card(words.quotedAgainst, table, view.keptText ? element("p", { class: "hint" }, view.keptText) : undefined);
}

/** How often Tasks of a kind pass on a rung. */
export function success({ costs }: DashboardView, words: Words): HTMLElement | undefined {
  if (costs.rates.length === 0) return undefined;
  const columns = [words.kind, words.rung, words.passed, words.longRun, words.each];
  const rows = costs.rates.map(({ kind, rung, text, bounds, eachText }) => [kind, rung.text, text, bounds, eachText]);
  return card(words.success, plainTable(words.success, columns, rows, true));
}

/** Where the money went, and what to know of the figures. */
export function facts({ costs }: DashboardView, words: Words): HTMLElement | undefined {
  const steep = costs.cliffs.avoided + costs.cliffs.passed > 0 ? [`${costs.cliffs.text}.`] : [];
  const said = [...costs.patterns, ...costs.misses.map(({ text }) => `${text}.`), ...steep, ...costs.remarks];
  if (said.length === 0) return undefined;
  return card(words.facts, element("ul", {}, ...said.map((sentence) => element("li", {}, sentence))));
}

/** What could be cheaper, each with a button that sets it; or that there is nothing. */
export function suggestions({ costs }: DashboardView, words: Words, asks: Asks): HTMLElement {
  if (costs.suggestions.length === 0)
    return card(words.suggestions, element("p", { class: "hint" }, words.noSuggestions));
  const items = costs.suggestions.map((one) => suggestion(one, words, asks));
  return card(words.suggestions, element("ul", { class: "suggestions" }, ...items));
}

function suggestion(one: SuggestionView, words: Words, asks: Asks): HTMLElement {
  const apply = one.apply === null ? undefined : element("vscode-button", { secondary: true }, words.apply);
  apply?.addEventListener("click", () => asks.apply(one.id));
  apply?.setAttribute("aria-label", `${words.apply}: ${one.apply?.text ?? ""}`);
  return element(
    "li",
    {},
    element(
      "div",
      {},
      element("p", {}, one.sentence),
      element("p", { class: "hint" }, [one.weeklyText, one.evidence, one.apply?.text].filter(Boolean).join(" · ")),
      element("details", {}, element("summary", {}, words.howComputed), element("p", { class: "hint" }, one.computed)),
    ),
    apply,
  );
}

/** Both sides of a comparison, measure by measure. */
export function comparison(told: ComparisonView, words: Words): HTMLElement {
  const { one, other, changes, remark } = told;
  const rows = changes.map(({ measure, oneText, otherText, differenceText, relativeText }) => [
    measure,
    oneText || "–",
    otherText || "–",
    [differenceText, relativeText].filter(Boolean).join("  ") || "–",
  ]);
  const columns = [words.measure, one.name, other.name, words.difference];
  return element("div", {}, plainTable(words.compare, columns, rows, true), element("p", { class: "hint" }, remark));
}

/** A part with its heading. */
export function card(heading: string, ...children: readonly (Node | undefined)[]): HTMLElement {
  return element("section", { class: "card", "aria-label": heading }, element("h2", {}, heading), ...children);
}
