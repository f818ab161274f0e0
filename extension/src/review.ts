/** The review of a Run: its diffs by Task in the multi-diff editor. */
import * as vscode from "vscode";
import type { Daemon } from "./client";
import type { FileChange, RunView, TaskView } from "./generated/protocol";
import { REVIEW_SCHEME, ReviewFiles } from "./reviewFiles";
import { clip, labelPath, type ReviewEntry, type ReviewSide, reviewEntries, sideQuery } from "./reviewPlan";
import type { Store } from "./store";
import { billText } from "./views/runs/words";

const CONTEXT = "contextune.reviewing";
const TITLE_LENGTH = 48;

/** A file as it is on one side of a Task's work. */
export function sideUri(run: RunView, task: TaskView, path: string, side: ReviewSide["side"]): vscode.Uri {
  return vscode.Uri.from({
    scheme: REVIEW_SCHEME,
    path: labelPath(task, path),
    query: sideQuery({ runId: run.id, taskId: task.id, path, side }),
  });
}

/** Both sides of a change; a side on which the file is absent is undefined. */
function sides(run: RunView, { task, change }: ReviewEntry) {
  const { path, before, after } = change;
  const uri = (side: ReviewSide["side"]): vscode.Uri => sideUri(run, task, path, side);
  return { before: before === null ? undefined : uri("before"), after: after === null ? undefined : uri("after") };
}

/** The command that shows one file's change by one Task. */
export function diffCommand(run: RunView, task: TaskView, change: FileChange): vscode.Command {
  const { before, after } = sides(run, { task, change });
  const title = `${change.path} (${task.title})`;
  if (before && after) return { command: "vscode.diff", title, arguments: [before, after, title] };
  return { command: "vscode.open", title, arguments: [before ?? after, { preview: true }, title] };
}

/** Opens reviews and fills their documents. */
export class Review implements vscode.Disposable {
  /** Run ids by the title of their review: the start of its tab's label is all that VS Code tells of such an editor. */
  readonly #reviewed = new Map<string, string>();
  readonly #disposables: vscode.Disposable[];

  constructor(daemon: Daemon, store: Store) {
    this.#disposables = [
      new ReviewFiles(daemon, store),
      vscode.window.tabGroups.onDidChangeTabs(() => this.#noticeTab()),
      vscode.window.tabGroups.onDidChangeTabGroups(() => this.#noticeTab()),
    ];
  }

  /** Shows what a Run, or one Task of it, changed. Returns false if it changed nothing. */
  async open(run: RunView, taskId?: string): Promise<boolean> {
    const entries = reviewEntries(run, taskId);
    if (entries.length === 0) return false;
    const task = run.tasks.find(({ id }) => id === taskId);
    const subject = clip(task?.title ?? run.title, TITLE_LENGTH);
    const title = vscode.l10n.t("Review: {0} · {1}", subject, billText((task ?? run).bill));
    const resources = entries.map((entry) => {
      const { before, after } = sides(run, entry);
      return [after ?? before, before, after];
    });
    if (taskId === undefined) this.#reviewed.set(title, run.id);
    await vscode.commands.executeCommand("vscode.changes", title, resources);
    this.#noticeTab();
    return true;
  }

  /** The Run whose review is the active editor. */
  active(): string | undefined {
    const label = vscode.window.tabGroups.activeTabGroup.activeTab?.label;
    return [...this.#reviewed].findLast(([title]) => label?.startsWith(title))?.[1];
  }

  dispose(): void {
    for (const one of this.#disposables) one.dispose();
  }

  #noticeTab(): void {
    void vscode.commands.executeCommand("setContext", CONTEXT, this.active() !== undefined);
  }
}
