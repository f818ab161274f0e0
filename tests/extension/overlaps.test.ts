/** What two Tasks share, in words, and what can be done about it. */
import { expect, test } from "vitest";
import { choicesOf, overlapLine, overlapsOf, overlapText, sharedText } from "../../extension/src/overlapText";
import { overlap, quote, taskQuote } from "./samples";

const tasks = [taskQuote(), taskQuote({ id: "insure", title: "Insure" }), taskQuote({ id: "other", title: "Other" })];
const reason = "“Round half up” changes `to_cents()`, which “Insure” uses.";

test("an overlap says what is shared and how the Tasks run", () => {
  expect(overlapText(overlap())).toBe(`${reason} They run at the same time.`);
  expect(overlapText(overlap({ inOrder: true }))).toBe(`${reason} They go one after the other.`);
  expect(overlapLine(overlap({ reason: "Both change `parse()`." }))).toBe(
    "Both change parse(). They run at the same time.",
  );
  expect(overlapText(overlap({ allowed: true }))).toBe(`${reason} They run at the same time, as you chose.`);
  expect(overlapText(overlap({ reason: "", symbol: null }))).toMatch(/^Two Tasks touch parcel\/money\.py\./);
});

test("a row names the other Task, from either side", () => {
  const one = overlap();
  const shown = quote({ tasks, overlaps: [one] });
  expect(sharedText(shown, one, "round")).toBe("shares to_cents with “Insure”");
  expect(sharedText(shown, one, "insure")).toBe("shares to_cents with “Round half up”");
  expect(overlapsOf(shown, "other")).toEqual([]);
});

test("what is not done already can be chosen, a pair of Tasks once", () => {
  const both = [overlap(), overlap({ kind: "same_test", path: "tests/test_all.py", symbol: null })];
  const pair = { quoteId: "q_1", first: "round", second: "insure" };
  expect(choicesOf(quote({ tasks, overlaps: both }), "insure").map(({ label, params }) => ({ label, params }))).toEqual(
    [
      { label: "Do it and “Round half up” one after the other", params: { ...pair, choice: "serialise" } },
      { label: "Do it and “Round half up” in one Task", params: { ...pair, choice: "merge" } },
    ],
  );
  const settled = quote({ tasks, overlaps: [overlap({ inOrder: true })] });
  expect(choicesOf(settled, "round").map(({ params }) => params.choice)).toEqual(["together", "merge"]);
});
