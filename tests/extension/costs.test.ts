/** The Costs view's words, and a Run that waits at a budget. */
import { expect, test } from "vitest";
import { budgetSetting, isAtOwnBudget, parkedText } from "../../extension/src/parkedText";
import { facts, perTodoTooltip, suggestionTooltip, unstartedText } from "../../extension/src/views/costs/words";
import { costs, run, suggestion } from "./samples";

test("a suggestion's tooltip tells what would be set and how the saving is computed", () => {
  expect(suggestionTooltip(suggestion())).toBe(
    "Climb without it, about $0.86 a week.\n\n`gate_retries = 0`\n\nThe last retry helped 0 of 12.",
  );
  expect(suggestionTooltip(suggestion({ apply: null }))).toBe(
    "Climb without it, about $0.86 a week.\n\nThe last retry helped 0 of 12.",
  );
});

test("where the money went: shares, misses, and cliffs only if there were any", () => {
  const miss = {
    reason: "expired",
    count: 4,
    tokens: 9,
    dollars: "0.01",
    text: "4 prompts missed the cache (expired)",
  };
  const cliffs = { avoided: 2, passed: 0, dollars: "0.05", text: "2 price cliffs avoided, $0.0500 less" };
  const patterns = ["Planning is 24 % of the bill."];
  expect(facts(costs({ patterns, misses: [miss], cliffs }))).toEqual([
    "Planning is 24 % of the bill.",
    "4 prompts missed the cache (expired).",
    "2 price cliffs avoided, $0.0500 less.",
  ]);
  expect(facts(costs())).toEqual([]);
});

test("an accepted Todo's figure has its source and its method beside it", () => {
  const one = {
    label: "As it was done",
    rung: null,
    eachText: "$0.0123",
    each: "0.01",
    low: null,
    high: null,
    text: "$0.0100",
    detail: "12 Todos",
  };
  expect(perTodoTooltip(one, "Failures included.")).toBe("As it was done: $0.0100\n12 Todos\nFailures included.");
});

test("Quotes that never started are counted", () => {
  expect([unstartedText(1), unstartedText(1200)]).toEqual([
    "1 Quote that never started",
    "1,200 Quotes that never started",
  ]);
});

test.each([
  [null, undefined, "“Two TODOs” waits. Its budget of $2.00 is reached."],
  ["run", undefined, "“Two TODOs” waits. Its budget of $2.00 is reached."],
  [
    "day",
    "contextune.dayBudget",
    "“Two TODOs” waits. The budget of the day is reached. Raise it in the settings, then resume the Run.",
  ],
  [
    "month",
    "contextune.monthBudget",
    "“Two TODOs” waits. The budget of the month is reached. Raise it in the settings, then resume the Run.",
  ],
] as const)("a Run parked by %s names its budget", (parkedBy, setting, text) => {
  const parked = run({ state: "parked", parkedBy });
  expect([budgetSetting(parked), isAtOwnBudget(parked), parkedText(parked)]).toEqual([
    setting,
    setting === undefined,
    text,
  ]);
});

test("the daemon's reason takes its place", () => {
  expect(
    parkedText(run({ state: "parked", parkedBy: "run", reason: "The budget of $2.00 is reached: $1.99 spent." })),
  ).toBe("“Two TODOs” waits. The budget of $2.00 is reached: $1.99 spent.");
});

test("every budget that a Run can be parked by and the settings hold has its setting in the manifest", async () => {
  const { readFileSync } = await import("node:fs");
  const { properties } = JSON.parse(readFileSync("package.json", "utf8")).contributes.configuration;
  for (const parkedBy of ["request", "task", "day", "month"] as const)
    expect(Object.keys(properties)).toContain(budgetSetting(run({ parkedBy })));
});
