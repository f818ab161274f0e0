/** A Quote in words: the price first, then the Tasks by wave, then everything else. */
import { expect, test } from "vitest";
import { quotePage, quoteTitle, quoteWarnings, quoteWaves } from "../../extension/src/quoteText";
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

test("Tasks stand by wave, each with its price, rung, files and overlaps", () => {
  expect(quoteWaves(two)).toEqual([
    {
      heading: "Wave 1",
      rows: [
        {
          id: "round",
          label: "Round half up",
          description: "$0.0200",
          detail: "Haiku 5.5, low · parcel/money.py · shares to_cents with “Insure”",
        },
      ],
    },
    {
      heading: "Wave 2, after wave 1",
      rows: [
        {
          id: "insure",
          label: "Insure",
          description: "$0.0200",
          detail: "Haiku 5.5, low · parcel/quote.py · shares to_cents with “Round half up”",
        },
      ],
    },
  ]);
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

test("a Task that does not simply begin on the first rung says why", () => {
  const opus = { model: "claude-opus-5-5", effort: "medium", text: "Opus 5.5, medium" };
  const reason = "Extreme Tasks begin on Opus 5.5, medium until this repository has a history.";
  const higher = quote({ tasks: [taskQuote({ rung: opus, start: 1, reason })] });
  expect(quoteWaves(higher)[0]?.rows[0]?.detail).toBe(`Opus 5.5, medium · ${reason} · parcel/money.py`);
  const plain = quote({ tasks: [taskQuote({ reason: "19 of 20 Tasks passed here." })] });
  expect(quoteWaves(plain)[0]?.rows[0]?.detail).toBe("Haiku 5.5, low · parcel/money.py");
  const tried = quote({ tasks: [taskQuote({ reason: "Tries Haiku 5.5, low.", explored: true })] });
  expect(quoteWaves(tried)[0]?.rows[0]?.detail).toContain("Tries Haiku 5.5, low.");
  expect(quotePage(plain).split("\n")).toContain("19 of 20 Tasks passed here.");
});

test("a Task that the user pins shows where it begins now", () => {
  const row = quoteWaves(quote(), new Map([["round", 1]]))[0]?.rows[0];
  expect(row?.detail).toBe("Opus 5.5, medium · pinned by you · parcel/money.py");
});

test("the page tells how earlier Quotes did, if there were any", () => {
  const forecastText = "Earlier quotes here: 17 of 20 Tasks cost what was said.";
  expect(quotePage(quote({ forecastText })).split("\n")).toContain(forecastText);
  expect(quotePage(quote())).not.toContain("Earlier quotes");
});
