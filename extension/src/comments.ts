/** Comments on lines of what Tasks do: VS Code's own threads; the daemon keeps what is said. */
import { randomUUID } from "node:crypto";
import * as vscode from "vscode";
import type { Daemon } from "./client";
import { type Comment, Requests, type RunView } from "./generated/protocol";
import { sideUri } from "./review";
import { REVIEW_SCHEME } from "./reviewFiles";
import { parseSide } from "./reviewPlan";
import type { Store } from "./store";

const OVER: ReadonlySet<RunView["state"]> = new Set(["accepted", "undone", "discarded"]);

/** What VS Code hands over when the user presses the button below a new comment. */
interface Reply {
  readonly thread: vscode.CommentThread;
  readonly text: string;
}

function isReply(value: unknown): value is Reply {
  return typeof value === "object" && value !== null && "thread" in value && "text" in value;
}

/** Draws the comments of all Runs, and takes new ones. */
export class Comments implements vscode.Disposable {
  readonly #daemon: Daemon;
  readonly #store: Store;
  readonly #controller = vscode.comments.createCommentController("contextune", vscode.l10n.t("Contextune"));
  readonly #threads = new Map<string, vscode.CommentThread>();
  readonly #unsubscribe: () => void;

  constructor(daemon: Daemon, store: Store) {
    this.#daemon = daemon;
    this.#store = store;
    this.#controller.options = { placeHolder: vscode.l10n.t("What should the agent do here?") };
    this.#controller.commentingRangeProvider = {
      provideCommentingRanges: ({ uri, lineCount }) => {
        if (uri.scheme !== REVIEW_SCHEME) return [];
        const { runId, side } = parseSide(uri.query);
        const run = store.run(runId);
        const hears = side === "after" && run !== undefined && !OVER.has(run.state);
        return hears ? [new vscode.Range(0, 0, lineCount - 1, 0)] : [];
      },
    };
    this.#unsubscribe = store.onChange((change) => {
      if (change.kind === "run") this.#draw(change.run);
    });
  }

  /** Keeps what the user wrote in a new thread. */
  async add(argument: unknown): Promise<void> {
    if (!isReply(argument)) return;
    const { thread, text } = argument;
    const { runId, taskId, path } = parseSide(thread.uri.query);
    const line = thread.range?.start.line ?? 0;
    const document = await vscode.workspace.openTextDocument(thread.uri);
    const quote = document.lineAt(Math.min(line, document.lineCount - 1)).text;
    const id = randomUUID();
    this.#threads.set(id, thread);
    const said = { runId, taskId, path, line: line + 1, quote, text, id };
    try {
      this.#store.setRun(await this.#daemon.request(Requests.reviewComment, said));
    } catch (error) {
      this.#threads.delete(id);
      throw error;
    }
  }

  /** Takes a comment back that was not sent. */
  async remove(argument: unknown): Promise<void> {
    const entry = [...this.#threads].find(([, thread]) => thread === argument);
    if (entry === undefined) return;
    const { runId } = parseSide(entry[1].uri.query);
    this.#store.setRun(await this.#daemon.request(Requests.reviewRemoveComment, { runId, commentId: entry[0] }));
    entry[1].dispose();
    this.#threads.delete(entry[0]);
  }

  dispose(): void {
    this.#unsubscribe();
    this.#controller.dispose();
  }

  #draw(run: RunView): void {
    for (const comment of run.comments) {
      const task = run.tasks.find(({ id }) => id === comment.taskId);
      if (task === undefined) continue;
      const line = comment.line - 1;
      const thread =
        this.#threads.get(comment.id) ??
        this.#controller.createCommentThread(
          sideUri(run, task, comment.path, "after"),
          new vscode.Range(line, 0, line, 0),
          [],
        );
      this.#threads.set(comment.id, thread);
      this.#say(thread, comment);
    }
  }

  #say(thread: vscode.CommentThread, { text, sent }: Comment): void {
    thread.contextValue = sent ? "sent" : "open";
    thread.label = sent ? vscode.l10n.t("Sent to the agent") : vscode.l10n.t("Not sent yet");
    thread.canReply = false;
    thread.comments = [{ body: text, mode: vscode.CommentMode.Preview, author: { name: vscode.l10n.t("You") } }];
  }
}
