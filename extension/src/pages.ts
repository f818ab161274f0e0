/**
 * Read-only Markdown pages that the daemon writes: the doctor's report, a Quote.
 *
 * A page is a virtual document; it is fetched when it is opened and again when it is refreshed.
 */
import * as vscode from "vscode";
import type { Log } from "./log";

/** The schemes of the pages. */
export type PageScheme = "contextune-doctor" | "contextune-quote" | "contextune-answer";

type Write = (query: URLSearchParams) => Promise<string>;

/** One kind of page. */
export class Pages implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #scheme: PageScheme;
  readonly #write: Write;
  readonly #log: Log;
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly #registration: vscode.Disposable;
  readonly onDidChange = this.#changed.event;

  constructor(scheme: PageScheme, write: Write, log: Log) {
    this.#scheme = scheme;
    this.#write = write;
    this.#log = log;
    this.#registration = vscode.workspace.registerTextDocumentContentProvider(scheme, this);
  }

  /** Opens a page as rendered Markdown. `title` becomes the name of its tab. */
  async open(title: string, query: Readonly<Record<string, string>>): Promise<void> {
    const path = `/${title.replace(/[/\\?#]/g, " ")}.md`;
    const uri = vscode.Uri.from({ scheme: this.#scheme, path, query: new URLSearchParams(query).toString() });
    this.#changed.fire(uri);
    await vscode.commands.executeCommand("markdown.showPreview", uri);
  }

  /** Fetches the open pages whose query passes `concerns` again. */
  refresh(concerns: (query: URLSearchParams) => boolean): void {
    for (const { uri, isClosed } of vscode.workspace.textDocuments) {
      if (uri.scheme === this.#scheme && !isClosed && concerns(new URLSearchParams(uri.query))) this.#changed.fire(uri);
    }
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    try {
      return await this.#write(new URLSearchParams(uri.query));
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.#log.warn(`${uri.path}: ${text}`);
      return text;
    }
  }

  dispose(): void {
    this.#registration.dispose();
    this.#changed.dispose();
  }
}
