import { expect, test } from "vitest";
import { fromPage, PERIODS, WORDS } from "../../extension/src/dashboard/messages";
import { shell } from "../../extension/src/dashboard/shell";
import { dashboardWords } from "../../extension/src/dashboard/words";
import type { DashboardView } from "../../extension/src/generated/protocol";
import { axisText, filled, stacked } from "../../extension/webview/dashboard/figures";

test("only messages of the page are messages", () => {
  expect(fromPage({ kind: "ready" })).toEqual({ kind: "ready" });
  expect(fromPage({ kind: "choose", period: "week", everywhere: true, more: 1 })).toEqual({
    kind: "choose",
    period: "week",
    everywhere: true,
  });
  expect(fromPage({ kind: "compare", one: "r_1", other: "r_2" })).toEqual({
    kind: "compare",
    one: "r_1",
    other: "r_2",
  });
  for (const wrong of [
    ...[undefined, null, "ready", 1, [], {}, { kind: "run" }, { kind: "choose", period: "year", everywhere: true }],
    ...[
      { kind: "choose", period: "week" },
      { kind: "compare", one: "r_1" },
      { kind: "apply", suggestion: 7 },
    ],
    ...[{ kind: "openRun", runId: "x".repeat(1001) }, { kind: "apply" }],
  ]) {
    expect(fromPage(wrong)).toBeUndefined();
  }
});

test("the page loads its own script and style, and nothing else", () => {
  const page = shell({
    source: "https://webview.test",
    script: "https://webview.test/dashboard.js?a&b",
    style: "https://webview.test/dashboard.css",
    nonce: "abc",
    title: '<script>"&',
    language: "de",
  });
  const policy = /content="([^"]+)"/.exec(page)?.[1]?.split("; ");
  expect(policy).toEqual([
    "default-src 'none'",
    "script-src 'nonce-abc'",
    "style-src https://webview.test 'nonce-abc'",
    "font-src https://webview.test",
  ]);
  expect(page.match(/<script/g)).toHaveLength(1);
  expect(page).toContain('<script nonce="abc" src="https://webview.test/dashboard.js?a&#38;b">');
  expect(page).not.toMatch(/ on\w+=/);
});

test("every string of the page has words, and every period a name", () => {
  const words = dashboardWords();
  expect(Object.keys(words).sort()).toEqual([...WORDS].sort());
  for (const period of PERIODS) expect(words[period]).not.toBe("");
});

test("bars stand on one another", () => {
  const spans = [{ dollars: ["0.3", "0.01"] }, { dollars: ["0", "0.02"] }] as unknown as DashboardView["spans"];
  expect(stacked(spans, 2)).toEqual([
    [0.31, 0.02],
    [0.01, 0.02],
  ]);
});

test.each([
  [
    [0, 0.0025, 0.005],
    ["$0.0000", "$0.0025", "$0.0050"],
  ],
  [
    [0, 0.5, 1],
    ["$0.00", "$0.50", "$1.00"],
  ],
  [
    [0, 20],
    ["$0.00", "$20.00"],
  ],
])("an axis has the digits that its steps need: %j", (values, texts) => {
  expect(axisText(values)).toEqual(texts);
});

test("what is filled in is not filled in again", () => {
  expect(filled("{0} of {1}", "{1}", 2)).toBe("{1} of 2");
});
