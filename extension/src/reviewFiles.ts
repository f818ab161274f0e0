/** The documents of a review: both sides of each file's diff, filled by the daemon; what is in review can be edited. */
import * as vscode from "vscode";
import type { Daemon } from "./client";
import { Requests } from "./generated/protocol";
import { isEditable, parseSide, textToKeep } from "./reviewPlan";
import type { Store } from "./store";
import { Writes } from "./writes";

/** The scheme of the documents. */
export const REVIEW_SCHEME = "contextune-review";

/** A file system of two sides a file. Saving the right side changes the Task's commit, and tests the result anew. */
export class ReviewFiles implements vscode.FileSystemProvider, vscode.Disposable {
  readonly #daemon: Daemon;
  readonly #store: Store;
  readonly #writes = new Writes();
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
    const { bytes, binary } = await this.#read(uri);
    const editable = !binary && isEditable(this.#store.run(side.runId), side);
    const permissions = editable ? undefined : vscode.FilePermission.Readonly;
    return { type: vscode.FileType.File, ctime: 0, mtime: this.#revision, size: bytes.length, permissions };
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    return (await this.#read(uri)).bytes;
  }

  async writeFile(uri: vscode.Uri, content: Uint8Array): Promise<void> {
    const text = textToKeep(content);
    if (text === undefined) throw vscode.FileSystemError.Unavailable(vscode.l10n.t("Save this file as UTF-8."));
    await this.#writes.write(uri.toString(), text, async (newest) => {
      const { runId, taskId, path } = parseSide(uri.query);
      const title = vscode.l10n.t("The result is put together with your change and tested…");
      const changed = await vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title }, () =>
        this.#daemon.request(Requests.reviewEdit, { runId, taskId, path, text: newest }),
      );
      this.#store.setRun(changed);
    });
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

  async #read(uri: vscode.Uri): Promise<{ bytes: Uint8Array; binary: boolean }> {
    const { text, binary } = await this.#daemon.request(Requests.reviewContent, parseSide(uri.query));
    const shown = binary ? vscode.l10n.t("This file is not text.") : (text ?? "");
    return { bytes: new TextEncoder().encode(shown), binary };
  }

  #refresh(runId: string): void {
    this.#revision += 1;
    const open = vscode.workspace.textDocuments.filter(
      ({ uri, isClosed }) => uri.scheme === REVIEW_SCHEME && !isClosed && parseSide(uri.query).runId === runId,
    );
    this.#changed.fire(open.map(({ uri }) => ({ type: vscode.FileChangeType.Changed, uri })));
  }
}
