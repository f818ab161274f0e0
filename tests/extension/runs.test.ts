/** The Runs view's words, and what its menus offer in which state. */
import { expect, test } from "vitest";
import { outcomeIcon, taskIcon } from "../../extension/src/views/runs/icons";
import {
  attemptDescription,
  attemptLabel,
  changeDescription,
  evidenceText,
  runDescription,
  runLabel,
  runTokens,
  taskDescription,
  taskTokens,
  waveText,
} from "../../extension/src/views/runs/words";
import { attempt, bill, change, evidence, run, task } from "./samples";

test("a Run's row tells how far it is and what it cost", () => {
  const tasks = [task({ state: "accepted" }), task({ id: "b" }), task({ id: "c", state: "failed" })];
  expect(runLabel(run({ tasks }))).toBe("1 of 3 · $0.0123 −93 %");
  expect(runLabel(run({ tasks: [], bill: bill({ text: "unpriced", saving: null }) }))).toBe("0 of 0 · unpriced");
  expect(runDescription(run({ state: "parked" }))).toBe("budget reached · Two TODOs");
  expect(runDescription(run({ state: "parked" }), "shop")).toBe("budget reached · shop · Two TODOs");
});

test("a Run's row tells where it is at work, and a Run that was left can be resumed", () => {
  expect(runDescription(run({ driver: "elsewhere" }))).toBe("running elsewhere · Two TODOs");
  expect(runTokens(run({ driver: "elsewhere" }))).toContain("pausable");
  expect(runDescription(run({ driver: "nobody" }))).toBe("interrupted · Two TODOs");
  expect(runTokens(run({ driver: "nobody" }))).not.toContain("pausable");
  expect(runTokens(run({ driver: "nobody" }))).toContain("resumable");
});

test("a Task's row tells rung and turn while it goes on, and only its end afterwards", () => {
  expect(taskDescription(task())).toBe("$0.0123 · working · turn 4 · Haiku 5.5, low");
  expect(taskDescription(task({ state: "accepted" }))).toBe("$0.0123 · passed");
  expect(taskDescription(task({ state: "waiting", rung: null, bill: bill({ requests: 0 }) }))).toBe("waiting");
});

test.each([
  ["parked", "budget reached"],
  ["paused", "paused"],
] as const)("a Task that goes on only with its %s Run reads as that does, and so does its attempt", (halted, text) => {
  const waits = task({ halted });
  expect(taskIcon(waits)).toMatchObject({ id: "debug-pause" });
  expect(outcomeIcon(attempt({ outcome: "working" }), waits)).toMatchObject({ id: "debug-pause" });
  expect(taskIcon(task())).toMatchObject({ id: "sync~spin" });
  expect(taskDescription(waits)).toBe(`$0.0123 · ${text} · turn 4 · Haiku 5.5, low`);
  expect(attemptDescription(attempt({ outcome: "working" }), waits)).toBe(`${text} · 6 turns · $0.0123`);
  expect(attemptDescription(attempt({ outcome: "red" }), waits)).toBe("tests red · 6 turns · $0.0123");
});

test("a Task whose conflict-resolver is at work says so, and the attempt has its name", () => {
  const [first] = task().attempts;
  if (first === undefined) throw new Error("The sample has no attempt.");
  const resolver = { ...first, number: 2, role: "conflict-resolver", outcome: "working" as const };
  const resolving = task({ attempts: [first, resolver], turn: 0 });
  expect(taskDescription(resolving)).toBe("$0.0123 · resolving a conflict · Haiku 5.5, low");
  expect(taskDescription({ ...resolving, state: "accepted" })).toBe("$0.0123 · passed");
  expect(attemptLabel(first, resolving)).toBe("Attempt 1: Haiku 5.5, low");
  expect(attemptLabel(resolver, resolving)).toBe("Attempt 2: conflict-resolver, Haiku 5.5, low");
});

test("a Task's row tells that a command waits for a processor", () => {
  expect(taskDescription(task({ state: "testing", waitsForProcessor: true }))).toBe(
    "$0.0123 · testing · waits for a processor · turn 4 · Haiku 5.5, low",
  );
});

test("a paused Task's row tells where it stands, and what comes to an end first", () => {
  expect(taskDescription(task({ state: "paused", paused: true }))).toBe("$0.0123 · paused · turn 4 · Haiku 5.5, low");
  expect(taskDescription(task({ state: "testing", paused: true }))).toBe(
    "$0.0123 · testing · then paused · turn 4 · Haiku 5.5, low",
  );
  const waits = task({ state: "paused", paused: true, rung: null, attempts: [], bill: bill({ requests: 0 }) });
  expect(taskDescription(waits)).toBe("paused");
});

test("a Task that waits tells its wave, and what it comes after", () => {
  const later = task({ id: "b", title: "Show", state: "waiting", rung: null, wave: 2, dependsOn: ["a"] });
  expect(taskDescription({ ...later, bill: bill({ requests: 0 }) })).toBe("waiting · wave 2");
  const both = run({ tasks: [task({ id: "a", title: "Insure" }), later], waves: [["a"], ["b"]] });
  expect(both.tasks.map((one) => waveText(one, both))).toEqual(["Wave 1", "Wave 2, after “Insure”"]);
});

test("an attempt's row tells how it ended", () => {
  expect(attemptDescription(attempt({ outcome: "red", turns: 1 }), task())).toBe("tests red · 1 turn · $0.0123");
});

test("a changed file's row tells its size, and whether the file is new or gone", () => {
  expect([
    changeDescription(change("a")),
    changeDescription(change("a", { before: null })),
    changeDescription(change("a", { after: null })),
  ]).toEqual(["+3 −1", "+3 −1 · new", "+3 −1 · removed"]);
});

test("Evidence is one line", () => {
  expect(evidenceText(evidence())).toBe("Gate green in 1.2 s: python -m unittest");
  expect(evidenceText(evidence({ verdict: "red", newlyFailing: ["a", "b"] }))).toBe(
    "Gate red after 1.2 s, 2 newly failing: python -m unittest",
  );
  expect(evidenceText(evidence({ whole: false }))).toBe(
    "Gate green in 1.2 s: python -m unittest (the tests that the change can affect)",
  );
  expect(evidenceText(evidence({ verdict: "unproved", proof: "no test runs a.py line 2" }))).toBe(
    "Gate green in 1.2 s, but no test runs a.py line 2: python -m unittest",
  );
  expect(evidenceText(evidence({ verdict: "unusable" }))).toBe("Gate without a verdict: python -m unittest");
});

test.each([
  [{ state: "running" }, "run pausable cancellable adjustable"],
  [{ state: "paused" }, "run resumable cancellable adjustable"],
  [{ state: "parked" }, "run resumable cancellable adjustable"],
  [{ state: "review", canAccept: true, changes: [change("a")] }, "run adjustable reviewable acceptable discardable"],
  [{ state: "accepted", canUndo: true, changes: [change("a")] }, "run reviewable undoable"],
  [{ state: "failed" }, "run adjustable"],
] as const)("a Run that is %o offers: %s", (over, tokens) => {
  expect(runTokens(run({ ...over, changes: "changes" in over ? [...over.changes] : [] }))).toBe(tokens);
});

test.each([
  [{ state: "waiting", attempts: [], isToBegin: true }, "task cancellable pausable movable tellable"],
  [{ state: "paused", paused: true }, "task cancellable resumable tellable readable"],
  [{ state: "testing", paused: true }, "task cancellable resumable tellable readable"],
  [{ state: "asking", worktree: "/w" }, "task cancellable pausable answerable readable openable"],
  [{ state: "failed" }, "task retryable readable"],
  [{ state: "accepted", changes: [change("a")] }, "task reviewable readable"],
] as const)("a Task that is %o offers: %s", (over, tokens) => {
  const changes = "changes" in over ? [...over.changes] : [];
  const attempts = "attempts" in over ? [] : [attempt()];
  expect(taskTokens(task({ ...over, changes, attempts }), run())).toBe(tokens);
});

test("a Task's result can be tried where the Run knows a command and the Task has a worktree", () => {
  const offered = (worktree: string | null) => taskTokens(task({ worktree }), run({ runCommand: "npm start" }));
  expect(offered("/w").split(" ")).toContain("runnable");
  expect(offered(null).split(" ")).not.toContain("runnable");
});

test("a Task of a Run that was accepted can't be retried", () => {
  expect(taskTokens(task({ state: "failed" }), run({ state: "accepted" }))).toBe("task readable");
});
