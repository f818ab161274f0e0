/** The doctor's page, and what is said about worktrees. */
import { expect, test } from "vitest";
import { doctorPage } from "../../extension/src/doctor";
import type { WorktreeView } from "../../extension/src/generated/protocol";
import { cleanedText, removableText } from "../../extension/src/worktreeText";

test("problems come first, each with its remedy", () => {
  const page = doctorPage([
    { name: "git", state: "ok", detail: "2.39", remedy: "" },
    { name: "a|b", state: "ok", detail: "two\nlines", remedy: "" },
    { name: "API key", state: "problem", detail: "There is none.", remedy: "Run Set API Key." },
  ]);
  expect(page).toBe(
    [
      "# Contextune Doctor",
      "",
      "**Problems: 1. Warnings: 0.**",
      "",
      "### ✗ API key",
      "",
      "There is none.",
      "",
      "What to do: Run Set API Key.",
      "",
      "### ✓ In order",
      "",
      "| | |",
      "|:--|:--|",
      "| git | 2.39 |",
      "| a\\|b | two lines |",
      "",
    ].join("\n"),
  );
});

test("a healthy machine is told so", () => {
  expect(doctorPage([{ name: "git", state: "ok", detail: "2.39", remedy: "" }])).toContain("Everything is in order.");
});

const worktree = (over: Partial<WorktreeView> = {}): WorktreeView => ({
  path: "/w/1",
  branch: null,
  runId: null,
  taskId: null,
  dirty: false,
  inUse: false,
  sizeBytes: 4_200_000,
  removable: true,
  ...over,
});

test("a clean-up says what would go, and that nothing is lost", () => {
  expect(removableText([worktree()])).toBe("No Run needs 1 worktree (4.2 MB).");
  expect(removableText([worktree(), worktree({ dirty: true, sizeBytes: 96_000_000 })])).toBe(
    "No Run needs 2 worktrees (100 MB). Uncommitted work in them is kept in Salvage refs.",
  );
  expect(cleanedText({ worktrees: [worktree()], salvage: ["refs/contextune/salvage/a"] })).toBe(
    "Removed 1 worktree (4.2 MB). Kept in Salvage refs: refs/contextune/salvage/a",
  );
});
