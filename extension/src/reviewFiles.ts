/** The documents of a review: both sides of each file's diff, filled by the daemon; what is in review can be edited. */
import * as vscode from "vscode";
import type { Daemon } from "./client";
import { Requests } from "./generated/protocol";
import { isEditable, parseSide, textToKeep } from "./reviewPlan";
import type { Store } from "./store";

/** The scheme of the documents. */
export const REVIEW_SCHEME = "contextune-review";

/** A file system of two sides a file. Saving the right side changes the Task's commit, and tests the result anew. */
export class ReviewFiles implements vscode.FileSystemProvider, vscode.Disposable {
  readonly #daemon: Daemon;
  readonly #store: Store;
  readonly #changed = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly #disposables: vscode.Disposable[];
  /** Stands for a time: rises whenever a result changes, so that VS Code reads again. */
  #revision = 1;
  readonly onDidChangeFile = this.#changed.event;

  constructor(daemon: Daemon, store: Store) {
    this.#daemon = daemon;
    this.#store = store;
    const unsubscribe = store.onChange((change) => {
      if (change.kind === "run" && change.before?.ghost !== change.run.ghost) this.#refresh(change.run.id);
    });
    this.#disposables = [
      vscode.workspace.registerFileSystemProvider(REVIEW_SCHEME, this, { isCaseSensitive: true }),
      this.#changed,
      { dispose: unsubscribe },
    ];
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    const side = parseSide(uri.query);
    const { length } = await this.readFile(uri);
    const permissions = isEditable(this.#store.run(side.runId), side) ? undefined : vscode.FilePermission.Readonly;
    return { type: vscode.FileType.File, ctime: 0, mtime: this.#revision, size: length, permissions };
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    const { text, binary } = await this.#daemon.request(Requests.reviewContent, parseSide(uri.query));
    return new TextEncoder().encode(binary ? vscode.l10n.t("This file is not text.") : (text ?? ""));
  }

  async writeFile(uri: vscode.Uri, content: Uint8Array): Promise<void> {
    const { runId, taskId, path } = parseSide(uri.query);
    const text = textToKeep(content);
    if (text === undefined) throw vscode.FileSystemError.Unavailable(vscode.l10n.t("Save this file as UTF-8."));
    const title = vscode.l10n.t("The result is put together with your change and tested…");
    const changed = await vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title }, () =>
      this.#daemon.request(Requests.reviewEdit, { runId, taskId, path, text }),
    );
    this.#store.setRun(changed);
  }

  watch(): vscode.Disposable {
    return new vscode.Disposable(() => {});
  }

  readDirectory(): [string, vscode.FileType][] {
    return [];
  }

  createDirectory(): void {
    throw vscode.FileSystemError.NoPermissions();
  }

  delete(): void {
    throw vscode.FileSystemError.NoPermissions();
  }

  rename(): void {
    throw vscode.FileSystemError.NoPermissions();
  }

  dispose(): void {
    for (const one of this.#disposables) one.dispose();
  }

  #refresh(runId: string): void {
    this.#revision += 1;
    const open = vscode.workspace.textDocuments.filter(
      ({ uri, isClosed }) => uri.scheme === REVIEW_SCHEME && !isClosed && parseSide(uri.query).runId === runId,
    );
    this.#changed.fire(open.map(({ uri }) => ({ type: vscode.FileChangeType.Changed, uri })));
  }
}
