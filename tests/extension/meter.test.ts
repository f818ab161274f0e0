/** The meter's words: the figure, what a screen reader says, and the arithmetic. */
import { expect, test } from "vitest";
import { meterLabel, meterText, meterTooltip } from "../../extension/src/meterText";
import { meter } from "./samples";

test("the figure of a Run stands beside its saving", () => {
  expect(meterText(meter())).toBe("$(pulse) $0.0123 −93 %");
});

test("a Run that costs more than all-Sonnet says so", () => {
  expect(meterText(meter({ text: "$0.0123", saving: "-10 %" }))).toBe("$(pulse) $0.0123 +10 %");
  expect(meterLabel(meter({ text: "$0.0123", saving: "-10 %" }))).toContain("10 % more than all-Sonnet");
  expect(meterTooltip(meter({ text: "$0.0123", saving: "-10 %" }))).toContain("10 % more than the same tokens");
});

test("an unpriced Run shows no saving", () => {
  expect(meterText(meter({ text: "unpriced", saving: null }))).toBe("$(pulse) unpriced");
});

test("without a Run it is today's figure", () => {
  expect(meterText(meter({ runId: null, level: "idle", text: "$0.1200" }))).toBe("$(pulse) $0.1200 −93 % today");
});

test.each([
  ["asking", "$(question)"],
  ["near_budget", "$(warning)"],
  ["parked", "$(debug-pause)"],
] as const)("level %s has its own icon", (level, icon) => {
  expect(meterText(meter({ level }))).toBe(`${icon} $0.0123 −93 %`);
});

test("it says where there is no Fence", () => {
  const lack = "Agents run commands in parcel without a Fence, as you allowed.";
  expect(meterText(meter({ fenceLack: lack }))).toBe("$(pulse) $0.0123 −93 % · no Fence");
  expect(meterTooltip(meter({ fenceLack: lack }))).toContain(lack);
  expect(meterTooltip(meter())).not.toContain("Fence");
});

test("a screen reader hears words, not icons", () => {
  expect(meterLabel(meter())).toBe("Contextune: $0.0123, 93 % less than all-Sonnet");
});

test("where several Runs are at work, the tooltip says that the figure is their sum", () => {
  expect(meterTooltip(meter(), 2)).toContain("**Spent by 2 Runs at work: $0.0123**");
});

test("the tooltip is the arithmetic as a table, and says what the figure is not", () => {
  const lines = [
    { label: "executor · Haiku 5.5", amount: "$0.0092", detail: "3 requests" },
    { label: "a|b", amount: "$0.0031", detail: "1 request" },
  ];
  expect(meterTooltip(meter({ lines, offline: true, level: "near_budget" }))).toBe(
    [
      "**Spent by this Run: $0.0123**",
      "",
      "The Run is near its budget.",
      "",
      "| | | |",
      "|:--|--:|:--|",
      "| executor · Haiku 5.5 | $0.0092 | 3 requests |",
      "| a\\|b | $0.0031 | 1 request |",
      "",
      "93 % less than the same tokens at Sonnet's price.",
      "",
      "Offline model: scripted, no AI, and nothing is charged.",
      "",
      "Today: $0.1200",
    ].join("\n"),
  );
});

test("without a Run the tooltip tells of today's requests and tokens", () => {
  expect(meterTooltip(meter({ runId: null, level: "idle", lines: [] }))).toBe(
    [
      "**Spent today: $0.0123**",
      "",
      "4 requests  ",
      "12,000 prompt tokens, 9,000 of them from the cache  ",
      "800 output tokens",
      "",
      "93 % less than the same tokens at Sonnet's price.",
      "",
    ].join("\n"),
  );
});
