/** A Quote in words: the price first, then the Tasks by wave, then everything else. */
import { expect, test } from "vitest";
import {
  boundsText,
  gateText,
  isUnpriced,
  quotedRow,
  quotedTokens,
  quotePage,
  quoteTitle,
  quoteWarnings,
  waveHeading,
} from "../../extension/src/quoteText";
import { overlap, price, quote, taskQuote } from "./samples";

const two = quote({
  tasks: [taskQuote(), taskQuote({ id: "insure", title: "Insure", files: ["parcel/quote.py"], wave: 2 })],
  waves: [["round"], ["insure"]],
  overlaps: [overlap({ inOrder: true })],
  warnings: ["Two tests fail already."],
});

test("the title holds the price, what all-Sonnet would cost, and the budget", () => {
  expect(quoteTitle(two)).toBe("Quote: $0.0100 to $0.0400, likely $0.0200 · all-Sonnet $0.3100 · budget $2.00");
  expect(quoteTitle(quote({ price: price({ atSonnet: null, text: "unpriced" }) }))).toBe(
    "Quote: unpriced · budget $2.00",
  );
});

test("what must be known first includes that the offline model is no AI", () => {
  expect(quoteWarnings(two)).toEqual(["Two tests fail already."]);
  expect(quoteWarnings({ ...two, offline: true })).toEqual([
    "Two tests fail already.",
    "Offline model: scripted, no AI, and nothing is charged.",
  ]);
});

test("a Task's row tells its price, its rung, and what it shares", () => {
  expect(two.tasks.map((task) => quotedRow(two, task))).toEqual([
    { label: "Round half up", description: "$0.0200 · Haiku 5.5, low · shares to_cents with “Insure”" },
    { label: "Insure", description: "$0.0200 · Haiku 5.5, low · shares to_cents with “Round half up”" },
  ]);
  const pinned = taskQuote({ pinned: true });
  expect(quotedRow(quote(), pinned).description).toBe("$0.0200 · Haiku 5.5, low · pinned by you");
});

test("menus go by what can be done with a Task", () => {
  expect(quotedTokens(quote(), taskQuote())).toBe("quoted");
  const both = taskQuote({ id: "insure", todoIds: ["a", "b"], dependsOn: ["round"] });
  expect(quotedTokens(two, both)).toBe("quoted splittable sharing waiting");
});

test("waves and tests are told in a line", () => {
  expect([waveHeading(1), waveHeading(3)]).toEqual(["Wave 1", "Wave 3, after wave 2"]);
  expect(gateText("pytest -q", 2510)).toEqual({ label: "Tests: pytest -q", description: "2.5 s on the base" });
  expect(gateText("pytest -q", undefined).description).toBe("");
});

test("the page has warnings, gate, briefs and the tests that fail already", () => {
  const baseline = {
    command: "python -m unittest",
    exitCode: 1,
    durationMs: 2500,
    failing: ["test_a"],
    flaky: [],
    outputTail: "",
    usable: true,
  };
  const page = quotePage({ ...two, baseline });
  for (const part of [
    "> Two tests fail already.",
    "Gate: `python -m unittest`, 2.5 s on the base",
    "## What Tasks share",
    "- “Round half up” changes `to_cents()`, which “Insure” uses. They go one after the other.",
    "## Wave 2",
    "### Insure",
    "Round as invoices do.",
    "- `parcel/quote.py`",
    "- `test_a`",
  ]) {
    expect(page.split("\n")).toContain(part);
  }
});

test("the page names the files that are sent, and no Task that is left out", () => {
  const sent = quote({
    ...two,
    leftOut: ["insure"],
    sentText: "To api.anthropic.com: each Task with its files.",
    sentFiles: [{ path: "parcel/money.py", size: 2100, sizeText: "2.1 kB" }],
    sentFilesText: "1 file, 2.1 kB",
  });
  const page = quotePage(sent).split("\n");
  expect(page).toContain("To api.anthropic.com: each Task with its files. 1 file, 2.1 kB");
  expect(page).toContain("- `parcel/money.py`, 2.1 kB");
  expect(page).not.toContain("### Insure");
  expect(page).not.toContain("## Wave 2");
});

test("what bounds a Run beside its budget stands in one line, and on the page", () => {
  expect(boundsText(two)).toBe("up to 4 agents");
  const bounded = quote({ agents: 1, taskBudgetText: "$0.1000", requestBudgetText: "$0.0500", maxRequests: 150 });
  expect(boundsText(bounded)).toBe("1 agent at a time · $0.1000 a Task · $0.0500 a request · at most 150 requests");
  expect(quotePage(bounded)).toContain("Bounds: $0.1000 a Task · $0.0500 a request · at most 150 requests.");
  expect(quotePage(two)).not.toContain("Bounds");
  expect([isUnpriced(two), isUnpriced(bounded), isUnpriced(quote({ price: price({ likely: null }) }))]).toEqual([
    false,
    true,
    true,
  ]);
});
