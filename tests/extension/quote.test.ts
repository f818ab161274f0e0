/** A Quote in words: the price first, then the Tasks by wave, then everything else. */
import { expect, test } from "vitest";
import { quotePage, quoteTitle, quoteWarnings, quoteWaves } from "../../extension/src/quoteText";
import { price, quote, taskQuote } from "./samples";

const two = quote({
  tasks: [taskQuote(), taskQuote({ id: "insure", title: "Insure", files: ["parcel/quote.py"], wave: 2 })],
  waves: [["round"], ["insure"]],
  overlaps: [{ first: "round", second: "insure", path: "parcel/money.py", symbol: null }],
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
          detail: "Haiku 5.5, low · parcel/money.py · shares parcel/money.py with “Insure”",
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
          detail: "Haiku 5.5, low · parcel/quote.py · shares parcel/money.py with “Round half up”",
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
    "## Wave 2",
    "### Insure",
    "Round as invoices do.",
    "- `parcel/quote.py`",
    "- `test_a`",
  ]) {
    expect(page.split("\n")).toContain(part);
  }
});
