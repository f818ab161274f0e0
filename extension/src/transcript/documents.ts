/**
 * Transcripts as documents: read-only text that the daemon writes, longer by the end while the attempt runs.
 *
 * What is new is fetched as often as a person can see. A long transcript opens at its last part; what stands before
 * comes when it is asked for.
 */
import * as vscode from "vscode";
import type { Daemon } from "../client";
import { Coalesced } from "../coalesce";
import { Requests } from "../generated/protocol";
import type { Log } from "../log";
import type { Store } from "../store";
import { TranscriptText } from "./text";

/** The scheme of the documents, which is the id of their language, too. */
export const TRANSCRIPT = "contextune-transcript";

/** Milliseconds between two updates, and characters that are worth one more: folding, outline and lenses are of all. */
const REST_MS = 100;
const CHARACTERS_A_MS = 5_000;

/** Characters from which on what is oldest is left out again, while the reader follows the end; and how many stay. */
const MOST_CHARACTERS = 2_000_000;
const KEPT_CHARACTERS = 1_000_000;

/** The attempt that a document shows. */
export interface Attempted {
  readonly runId: string;
  readonly taskId: string;
  readonly attempt: number;
}

/** The attempt that a document's address names. */
export function attemptOf(uri: vscode.Uri): Attempted {
  const query = new URLSearchParams(uri.query);
  return {
    runId: query.get("runId") ?? "",
    taskId: query.get("taskId") ?? "",
    attempt: Number(query.get("attempt") ?? 1),
  };
}

/** Whether an attempt goes on. */
export function isAtWork(store: Store, { runId, taskId, attempt }: Attempted): boolean {
  const task = store.run(runId)?.tasks.find(({ id }) => id === taskId);
  return task?.attempts.some(({ number, endedAt }) => number === attempt && endedAt === null) ?? false;
}

class Live {
  readonly text = new TranscriptText();
  readonly updates: Coalesced;
  /** Requests of one document go one after the other, so that its parts fit together. */
  queue: Promise<unknown> = Promise.resolve();
  /** Edits of one document, too. */
  drawing: Promise<unknown> = Promise.resolve();
  problem = "";

  constructor(
    readonly uri: vscode.Uri,
    update: () => void,
  ) {
    this.updates = new Coalesced(() => Math.max(REST_MS, this.text.length / CHARACTERS_A_MS), update);
  }
}

/** Provides the documents, opens them, and keeps them up to date. */
export class Transcripts implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #daemon: Daemon;
  readonly #store: Store;
  readonly #log: Log;
  readonly #live = new Map<string, Live>();
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly #shaped = new vscode.EventEmitter<void>();
  readonly #disposables: vscode.Disposable[];
  /** Editors whose cursor stood at the end, and was not moved away from it by a person since. */
  readonly #following = new WeakSet<vscode.TextEditor>();
  /** The line to which an editor was last taken, so that it follows. */
  readonly #placed = new WeakMap<vscode.TextEditor, number>();
  readonly onDidChange = this.#changed.event;
  /** Fires when headings have come, or a Run that a transcript is of has changed. */
  readonly onDidShape = this.#shaped.event;

  constructor(daemon: Daemon, store: Store, log: Log) {
    this.#daemon = daemon;
    this.#store = store;
    this.#log = log;
    const unsubscribe = store.onChange((change) => {
      if (change.kind !== "run") return;
      for (const live of this.#live.values()) {
        if (attemptOf(live.uri).runId === change.run.id) live.updates.ask();
      }
    });
    this.#disposables = [
      this.#changed,
      this.#shaped,
      { dispose: unsubscribe },
      vscode.workspace.registerTextDocumentContentProvider(TRANSCRIPT, this),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#forget(uri)),
      vscode.workspace.onDidChangeTextDocument(({ document }) => this.#followEnd(document)),
      vscode.window.onDidChangeTextEditorSelection(({ textEditor, kind }) => {
        // News of where we put the cursor may come when the document is longer already.
        const isOurs = textEditor.selection.active.line === this.#placed.get(textEditor);
        if (kind !== undefined && !isOurs && !isAtEnd(textEditor)) this.#following.delete(textEditor);
      }),
      vscode.window.onDidChangeActiveTextEditor((editor) => void this.#foldNew(editor)),
    ];
  }

  /** What is known of a document; undefined if it is not one of ours, or not open. */
  textOf(uri: vscode.Uri): TranscriptText | undefined {
    return this.#live.get(uri.toString())?.text;
  }

  /** Opens an attempt; at the turn, else at the end of one that runs, else at the beginning. */
  async open(title: string, attempted: Attempted, turn?: number): Promise<void> {
    const uri = addressOf(title, attempted);
    const document = await vscode.workspace.openTextDocument(uri);
    if (turn !== undefined) await this.#reach(uri, turn);
    // Who comes from a line of a diff wants to see both.
    const viewColumn = turn === undefined ? vscode.ViewColumn.Active : vscode.ViewColumn.Beside;
    const editor = await vscode.window.showTextDocument(document, { viewColumn });
    const runs = isAtWork(this.#store, attempted);
    const text = this.textOf(uri);
    const line = (turn === undefined ? undefined : text?.lineOfTurn(turn)) ?? (runs ? document.lineCount - 1 : 0);
    await this.#foldNew(editor);
    place(editor, line, turn === undefined ? vscode.TextEditorRevealType.Default : vscode.TextEditorRevealType.AtTop);
  }

  /** Fetches the part before what a document shows. */
  async showEarlier(uri: vscode.Uri): Promise<void> {
    const live = this.#live.get(uri.toString());
    if (live === undefined || live.text.first === 0) return;
    await this.#inTurn(live, async () => {
      const until = live.text.first;
      live.text.prepend(await this.#daemon.request(Requests.taskTranscript, { ...attemptOf(uri), since: null, until }));
    });
    this.#tell(live);
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    let live = this.#live.get(uri.toString());
    if (live === undefined) {
      const made = new Live(uri, () => void this.#update(made));
      live = made;
      this.#live.set(uri.toString(), live);
    }
    if (live.text.next === undefined) await this.#fetch(live);
    live.text.takeAdded();
    return live.text.next === undefined ? live.problem : live.text.text;
  }

  dispose(): void {
    for (const live of this.#live.values()) live.updates.dispose();
    for (const one of this.#disposables) one.dispose();
  }

  #forget(uri: vscode.Uri): void {
    this.#live.get(uri.toString())?.updates.dispose();
    this.#live.delete(uri.toString());
  }

  async #reach(uri: vscode.Uri, turn: number): Promise<void> {
    const text = this.textOf(uri);
    for (let before = -1; text !== undefined && text.lineOfTurn(turn) === undefined && text.first !== before; ) {
      before = text.first;
      await this.showEarlier(uri);
    }
    if (text === undefined || text.length === 0) return;
    // The document is shown at a line that it has only once VS Code has taken the new text in.
    await until(uri, (document) => document.lineCount > (text.lineOfTurn(turn) ?? 0));
  }

  async #update(live: Live): Promise<void> {
    const changed = await this.#fetch(live);
    if (changed) this.#tell(live);
    else this.#shaped.fire();
  }

  async #fetch(live: Live): Promise<boolean> {
    return this.#inTurn(live, async () => {
      let changed = false;
      for (let more = true; more; ) {
        const since = live.text.next ?? null;
        const part = await this.#daemon.request(Requests.taskTranscript, {
          ...attemptOf(live.uri),
          since,
          until: null,
        });
        changed = live.text.append(part) || changed;
        more = part.more;
      }
      return changed;
    });
  }

  async #inTurn<T>(live: Live, work: () => Promise<T>): Promise<T | false> {
    const done = live.queue.then(work).catch((error) => {
      live.problem = error instanceof Error ? error.message : String(error);
      this.#log.warn(`${live.uri.path}: ${live.problem}`);
      return false as const;
    });
    live.queue = done;
    return done;
  }

  #tell(live: Live): void {
    live.drawing = live.drawing
      .then(() => this.#draw(live))
      .catch((error) => this.#log.warn(`${live.uri.path}: ${error}`));
  }

  /** Brings the document up to date: by an edit of its ends, so that folds and places stay, or else by all of it. */
  async #draw(live: Live): Promise<void> {
    const uri = live.uri.toString();
    const editors = vscode.window.visibleTextEditors.filter(({ document }) => document.uri.toString() === uri);
    for (const editor of editors.filter(isAtEnd)) this.#following.add(editor);
    const areFollowing = editors.every((editor) => this.#following.has(editor));
    const document = vscode.workspace.textDocuments.find((one) => one.uri.toString() === uri);
    const added = live.text.takeAdded();
    if (document === undefined || added === undefined) this.#changed.fire(live.uri);
    else {
      const edit = new vscode.WorkspaceEdit();
      const end = document.lineAt(document.lineCount - 1).range.end;
      if (added !== "") edit.insert(live.uri, end, added);
      const isTooLong = live.text.length > MOST_CHARACTERS && areFollowing;
      const leftOut = vscode.l10n.t("Earlier turns are not shown any more, so that this stays quick.");
      const trimmed = isTooLong ? live.text.trim(KEPT_CHARACTERS, leftOut) : undefined;
      if (trimmed !== undefined) edit.replace(live.uri, new vscode.Range(0, 0, trimmed.before, 0), live.text.head);
      // A window that takes no edit, or lost one, is sent all of it.
      const done = added === "" || (await vscode.workspace.applyEdit(edit));
      if (!done || document.lineCount !== live.text.lastLine + 1) this.#changed.fire(live.uri);
    }
    this.#shaped.fire();
  }

  #followEnd(document: vscode.TextDocument): void {
    if (document.uri.scheme !== TRANSCRIPT) return;
    for (const editor of vscode.window.visibleTextEditors) {
      if (editor.document === document && this.#following.has(editor)) {
        this.#placed.set(editor, document.lineCount - 1);
        place(editor, document.lineCount - 1, vscode.TextEditorRevealType.Default);
      }
    }
    void this.#foldNew(vscode.window.activeTextEditor);
  }

  /** Folds long answers that came since; VS Code folds in the editor that has the focus alone. */
  async #foldNew(editor: vscode.TextEditor | undefined): Promise<void> {
    if (editor === undefined || editor !== vscode.window.activeTextEditor) return;
    const selectionLines = this.textOf(editor.document.uri)?.takeFolded() ?? [];
    if (selectionLines.length > 0) await vscode.commands.executeCommand("editor.fold", { selectionLines, levels: 1 });
  }
}

/** The address of an attempt's document; `title` becomes the name of its tab. */
export function addressOf(title: string, { runId, taskId, attempt }: Attempted): vscode.Uri {
  const path = `/${title.replace(/[/\\?#\s]+/g, " ").slice(0, 60)} (${attempt}).transcript`;
  const query = new URLSearchParams({ runId, taskId, attempt: String(attempt) }).toString();
  return vscode.Uri.from({ scheme: TRANSCRIPT, path, query });
}

function isAtEnd({ selection, document }: vscode.TextEditor): boolean {
  return selection.isEmpty && selection.active.line >= document.lineCount - 1;
}

function place(editor: vscode.TextEditor, line: number, how: vscode.TextEditorRevealType): void {
  editor.selection = new vscode.Selection(line, 0, line, 0);
  editor.revealRange(new vscode.Range(line, 0, line, 0), how);
}

async function until(uri: vscode.Uri, holds: (document: vscode.TextDocument) => boolean): Promise<void> {
  const find = () => vscode.workspace.textDocuments.find((one) => one.uri.toString() === uri.toString());
  const found = find();
  if (found === undefined || holds(found)) return;
  await new Promise<void>((resolve) => {
    const isIt = (document: vscode.TextDocument) => document.uri.toString() === uri.toString();
    const listening = vscode.Disposable.from(
      vscode.workspace.onDidChangeTextDocument(({ document }) => isIt(document) && holds(document) && end()),
      vscode.workspace.onDidCloseTextDocument((document) => isIt(document) && end()),
    );
    const end = () => {
      listening.dispose();
      resolve();
    };
  });
}
