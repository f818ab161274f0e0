/** What is said about worktrees and Salvages, and what is ticked for the user. */
import { expect, test } from "vitest";
import type { FindingView, WorktreeListResult, WorktreeView } from "../../extension/src/generated/protocol";
import { cleanedText, cleanRows, diskText, mendedText, salvageRows, staysText } from "../../extension/src/worktreeText";

const worktree = (over: Partial<WorktreeView> = {}): WorktreeView => ({
  path: "/w/1",
  branch: null,
  runId: "r_1",
  taskId: "t1",
  dirty: false,
  inUse: false,
  sizeBytes: 4_200_000,
  sizeText: "4.2 MB",
  removable: true,
  stays: false,
  state: "failed",
  title: "Read sizes",
  changedAt: 1,
  findings: [],
  ...over,
});

const finding: FindingView = {
  kind: "pointer",
  place: "/w/2",
  text: "Its .git file is gone.",
  remedy: "The file is written anew.",
  repair: "relink",
};

const list = (over: Partial<WorktreeListResult> = {}): WorktreeListResult => ({
  worktrees: [],
  findings: [],
  salvages: [],
  sizeBytes: 0,
  diskText: "4.2 MB of 20.0 GB",
  ...over,
});

test("only what nobody needs and what is clean is ticked, the oldest first", () => {
  const rows = cleanRows(
    list({
      worktrees: [
        worktree({ path: "/w/new", changedAt: 9 }),
        worktree({ path: "/w/used", inUse: true, removable: false, stays: true, dirty: true, state: "running" }),
        worktree({ path: "/w/unknown", removable: false, changedAt: 3, state: null }),
        worktree({ path: "/w/dirty", dirty: true, changedAt: 5, state: null, title: null }),
        worktree({ path: "/w/old" }),
      ],
    }),
  );
  expect(rows.map(({ path, picked }) => [path, picked])).toEqual([
    ["/w/old", true],
    ["/w/dirty", false],
    ["/w/new", true],
    ["/w/used", false],
    ["/w/unknown", false],
  ]);
  expect(rows[0]).toEqual({
    label: "Read sizes",
    description: "4.2 MB, failed",
    detail: "/w/old",
    picked: true,
    path: "/w/old",
  });
  expect(rows[3]).toMatchObject({ description: "4.2 MB, running", detail: "Its Run needs it. /w/used" });
  expect(rows[4]).toMatchObject({ description: "4.2 MB, of no known Run", detail: "/w/unknown" });
  expect(staysText(rows)).toEqual(["“Read sizes” stays: Its Run needs it."]);
  expect(rows[1]?.label).toBe("t1");
  expect(rows[1]?.description).toBe("4.2 MB, of no known Run");
  expect(rows[1]?.detail).toBe("Its unfinished work is kept. /w/dirty");
});

test("what can be mended is a row of its own, never ticked; what a person has to decide is none", () => {
  const locked: FindingView = { ...finding, kind: "locked", repair: null };
  const needed = worktree({ path: "/w/2", removable: false, stays: true, inUse: true, findings: [finding, locked] });
  expect(cleanRows(list({ worktrees: [needed] }))[0]).toEqual({
    label: "Mend 1 finding",
    description: "nothing is lost by it",
    detail: "Its .git file is gone. The file is written anew.",
    picked: false,
  });
  expect(cleanRows(list({ worktrees: [needed], findings: [finding] }))[0]?.label).toBe("Mend 2 findings");
  const held = worktree({ removable: false, stays: true, findings: [locked] });
  expect(cleanRows(list({ findings: [locked], worktrees: [held] }))).toEqual([
    expect.objectContaining({ picked: false, stays: "Its .git file is gone.", detail: "Its .git file is gone. /w/1" }),
  ]);
});

test("what was done is told, and what was not", () => {
  expect(diskText(list({ worktrees: [worktree()] }))).toBe("Worktrees: 1, 4.2 MB of 20.0 GB.");
  expect(cleanedText({ worktrees: [worktree()], salvage: ["refs/contextune/salvage/a"] })).toBe(
    "Removed 1 worktree (4.2 MB). Unfinished work is kept in a Salvage.",
  );
  const mended = [
    { finding, done: true, text: "Its .git file is written anew." },
    { finding, done: false, text: "/w/2/.git is no plain file." },
  ];
  expect(mendedText({ mended })).toBe("Mended 1 of 2. /w/2/.git is no plain file.");
});

test("a Salvage says what it holds", () => {
  const one = { ref: "refs/contextune/salvage/r_1/t1", runId: "r_1", name: "t1", at: 0, files: 2, paths: ["a.py"] };
  const [row, plain] = salvageRows([one, { ...one, files: 0, paths: [] }]);
  expect(row).toMatchObject({ label: "t1 (r_1)", detail: "a.py, …", ref: one.ref });
  expect(plain?.detail).toBe("commits alone");
});

test("the worktree of all Tasks together names its Run, so that two of them are told apart", () => {
  const ghosts = ["r_1", "r_2"].map((runId) => worktree({ path: `/w/${runId}`, runId, taskId: "ghost", title: null }));
  expect(cleanRows(list({ worktrees: ghosts })).map(({ label }) => label)).toEqual([
    "All Tasks together (r_1)",
    "All Tasks together (r_2)",
  ]);
});
