/** Merging by hand what neither git nor an agent could: in VS Code's own three-way editor. */
import * as vscode from "vscode";
import type { Command } from "../application";
import { Requests, type RunView, type TaskView } from "../generated/protocol";
import { sideUri } from "../review";
import { chooseTask } from "./subjects";

/** Opens the files of a Task that wait to be merged; the answer is asked for once they are. */
export const mergeByHand: Command = async (app, ...args) => {
  const nothing = vscode.l10n.t("No Task waits to be merged by hand.");
  const found = await chooseTask(app, args, ({ toMerge }) => toMerge.length > 0, nothing);
  if (found === undefined || found.task.worktree === null) return;
  const { run, task } = found;
  for (const path of task.toMerge) await openThreeWay(run, task, path);
  const [merged, leaveOut] = task.question?.choices ?? [];
  if (merged === undefined || leaveOut === undefined) return;
  const text = vscode.l10n.t("{0}: merge {1}, save, then say so.", task.title, task.toMerge.join(", "));
  const answer = await vscode.window.showInformationMessage(text, merged, leaveOut);
  if (answer !== undefined) {
    await vscode.workspace.saveAll(false);
    await app.daemon.request(Requests.taskAnswer, { runId: run.id, taskId: task.id, text: answer });
  }
};

async function openThreeWay(run: RunView, task: TaskView, path: string): Promise<void> {
  const output = vscode.Uri.joinPath(vscode.Uri.file(task.worktree ?? ""), path);
  await vscode.commands.executeCommand("_open.mergeEditor", {
    base: sideUri(run, task, path, "base"),
    input1: { uri: sideUri(run, task, path, "before"), title: vscode.l10n.t("The other Tasks") },
    input2: { uri: sideUri(run, task, path, "after"), title: task.title },
    output,
  });
}
