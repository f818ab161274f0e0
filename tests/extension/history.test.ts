/** Older Runs by age, and Runs found by words. */
import { expect, test } from "vitest";
import type { RunView } from "../../extension/src/generated/protocol";
import { ageText, byAge, filterText, found } from "../../extension/src/views/runs/history";
import { run, task } from "./samples";

/** Milliseconds of a local day and hour of November 2026. */
const at = (day: number, hour: number) => new Date(2026, 10, day, hour).getTime();
const NOW = at(27, 9);

const aged = (id: string, createdAt: number, state: RunView["state"] = "accepted") => run({ id, createdAt, state });

const shown = (runs: readonly RunView[]) => {
  const { now, groups } = byAge(runs, NOW);
  return [now.map(({ id }) => id), groups.map((group) => [group.age, ...group.runs.map(({ id }) => id)])];
};

test("days begin at midnight: what began before is yesterday's, of the last 7 days, or older", () => {
  const runs = [
    aged("today", at(27, 0)),
    aged("late", at(26, 23)),
    aged("early", at(26, 0)),
    aged("before", at(25, 23)),
    aged("first", at(21, 0)),
    aged("old", at(20, 23)),
  ];
  expect(shown(runs)).toEqual([
    ["today"],
    [
      ["yesterday", "late", "early"],
      ["week", "before", "first"],
      ["older", "old"],
    ],
  ]);
  expect((["yesterday", "week", "older"] as const).map(ageText)).toEqual(["Yesterday", "Last 7 days", "Older"]);
});

test("the newest Run and what still needs something are at hand, however old", () => {
  const runs = [aged("newest", at(5, 1)), aged("done", at(4, 1)), aged("open", at(3, 1), "review")];
  expect(shown(runs)).toEqual([["newest", "open"], [["older", "done"]]]);
  expect(shown([])).toEqual([[], []]);
});

test.each([
  ["ROUND", ["a"]],
  ["half cents", ["a"]],
  ["insure", ["a", "b"]],
  ["insure feature/x", ["b"]],
  ["parked-branch", ["a"]],
  ["failed", ["b"]],
  ["ready for review", ["a"]],
  ["r_b", []],
  ["", ["a", "b"]],
])("“%s” finds %o", (filter, ids) => {
  const tasks = [task({ title: "Round prices", brief: "half up", todoIds: ["t_1"] })];
  const runs = [
    run({ id: "a", title: "Insure parcels", state: "review", branch: "main", madeBranch: "parked-branch", tasks }),
    run({ id: "b", title: "Insure", state: "failed", branch: "feature/x", tasks: [] }),
  ];
  const todoText = (id: string) => (id === "t_1" ? "cents are lost" : undefined);
  expect(found(runs, filter, todoText).map(({ id }) => id)).toEqual(ids);
});

test("the view says its filter, and what it leaves", () => {
  expect(filterText("", 2, 2)).toBeUndefined();
  expect(filterText("tax", 1, 4)).toBe("1 of 4 Runs, with “tax”");
  expect(filterText("tax", 0, 4)).toBe("No Run has “tax”.");
});
