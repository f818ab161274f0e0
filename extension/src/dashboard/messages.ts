/** What the dashboard's page and the extension say to each other. Knows nothing of `vscode`: the page has it too. */
import type { ComparisonView, DashboardView } from "../generated/protocol";

/** A stretch of time that ends today. */
export type Period = DashboardView["period"];

/** The periods, the shortest first. */
export const PERIODS: readonly Period[] = ["today", "week", "month", "quarter", "all"];

/** Every string of the page, in the editor's language. `{0}` and so on stand for what is filled in. */
export type Words = Readonly<Record<(typeof WORDS)[number], string>>;

/** The names of the page's strings. */
export const WORDS = [
  ...["title", "loading", "empty", "emptyHint", "period", "scope", "everywhere", "export", "unpriced"],
  ...["today", "week", "month", "quarter", "all"],
  ...["spent", "requests", "saved", "savedOf", "noSaving", "todaysTotal", "cached", "cachedHint"],
  ...["perTodo", "overTime", "overTimeAlt", "asTable", "day", "amount"],
  ...["byModel", "byRole", "byTask", "model", "role", "task", "share", "moreTasks", "openRun"],
  ...["quotedAgainst", "cost", "run"],
  ...[
    "success",
    "kind",
    "rung",
    "passed",
    "longRun",
    "each",
    "facts",
    "suggestions",
    "noSuggestions",
    "apply",
    "howComputed",
  ],
  ...["compare", "compareHint", "one", "other", "measure", "difference", "periods", "runs", "models", "pick"],
] as const;

/** From the extension to the page. */
export type ToPage =
  | {
      readonly kind: "words";
      readonly words: Words;
      readonly language: string;
      readonly folder: string | null;
      readonly period: Period;
      readonly everywhere: boolean;
    }
  | { readonly kind: "costs"; readonly view: DashboardView; readonly everywhere: boolean }
  | { readonly kind: "comparison"; readonly view: ComparisonView }
  | { readonly kind: "problem"; readonly text: string; readonly of: FromPage["kind"] };

/** From the page to the extension. */
export type FromPage =
  | { readonly kind: "ready" }
  | { readonly kind: "choose"; readonly period: Period; readonly everywhere: boolean }
  | { readonly kind: "compare"; readonly one: string; readonly other: string }
  | { readonly kind: "apply"; readonly suggestion: string }
  | { readonly kind: "openRun"; readonly runId: string }
  | { readonly kind: "export" };

const text = (value: unknown): value is string => typeof value === "string" && value.length <= 1000;

/** A message of the page; undefined for anything else. */
export function fromPage(message: unknown): FromPage | undefined {
  if (typeof message !== "object" || message === null) return undefined;
  const said = message as Readonly<Record<string, unknown>>;
  switch (said.kind) {
    case "ready":
    case "export":
      return { kind: said.kind };
    case "choose": {
      const period = PERIODS.find((known) => known === said.period);
      const everywhere = said.everywhere;
      return period && typeof everywhere === "boolean" ? { kind: "choose", period, everywhere } : undefined;
    }
    case "compare": {
      const { one, other } = said;
      return text(one) && text(other) ? { kind: "compare", one, other } : undefined;
    }
    case "apply":
      return text(said.suggestion) ? { kind: "apply", suggestion: said.suggestion } : undefined;
    case "openRun":
      return text(said.runId) ? { kind: "openRun", runId: said.runId } : undefined;
    default:
      return undefined;
  }
}
