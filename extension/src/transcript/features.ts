/** What an editor offers on a transcript: folding, outline, prices on hover, links to files, actions above turns. */
import * as vscode from "vscode";
import type { Store } from "../store";
import { attemptOf, isAtWork, TRANSCRIPT, type Transcripts } from "./documents";
import type { Block, TranscriptText } from "./text";

/** Registers all of it. */
export function registerTranscriptFeatures(transcripts: Transcripts, store: Store): vscode.Disposable {
  const selector: vscode.DocumentSelector = { scheme: TRANSCRIPT };
  const textOf = (document: vscode.TextDocument) => transcripts.textOf(document.uri);
  return vscode.Disposable.from(
    vscode.languages.registerFoldingRangeProvider(selector, {
      onDidChangeFoldingRanges: transcripts.onDidShape,
      provideFoldingRanges: (document) => foldings(textOf(document)),
    }),
    vscode.languages.registerDocumentSymbolProvider(selector, {
      provideDocumentSymbols: (document) => symbols(textOf(document)?.blocks() ?? [], document),
    }),
    vscode.languages.registerHoverProvider(selector, {
      provideHover: (document, position) => {
        for (const { start, mark } of textOf(document)?.allBlocks() ?? []) {
          if (start !== position.line || mark.explanation === "") continue;
          return new vscode.Hover(new vscode.MarkdownString().appendText(mark.explanation));
        }
        return undefined;
      },
    }),
    vscode.languages.registerDocumentLinkProvider(selector, {
      provideDocumentLinks: (document) => links(textOf(document), document, folderOf(store, document.uri)),
    }),
    vscode.languages.registerCodeLensProvider(selector, {
      onDidChangeCodeLenses: transcripts.onDidShape,
      provideCodeLenses: (document) => lenses(textOf(document), document.uri, store),
    }),
  );
}

function foldings(text: TranscriptText | undefined): vscode.FoldingRange[] {
  const ranges = [];
  for (const { start, end } of text?.allBlocks() ?? []) {
    if (end > start) ranges.push(new vscode.FoldingRange(start, end));
  }
  return ranges;
}

const kinds: Partial<Record<Block["mark"]["kind"], vscode.SymbolKind>> = {
  task: vscode.SymbolKind.Module,
  attempt: vscode.SymbolKind.Class,
  turn: vscode.SymbolKind.Event,
  call: vscode.SymbolKind.Function,
  gate: vscode.SymbolKind.Boolean,
};

function symbols(blocks: readonly Block[], document: vscode.TextDocument): vscode.DocumentSymbol[] {
  return blocks
    .filter(({ start }) => start < document.lineCount)
    .map(({ mark, start, end, inner }) => {
      const last = Math.min(end, document.lineCount - 1);
      const whole = new vscode.Range(start, 0, last, document.lineAt(last).text.length);
      const kind = kinds[mark.kind] ?? vscode.SymbolKind.String;
      const heading = document.lineAt(start).range;
      // The quick pick shows names alone, so that the price is part of the name.
      const name = mark.price === "" ? mark.title : `${mark.title} · ${mark.price}`;
      const symbol = new vscode.DocumentSymbol(name, "", kind, whole, heading);
      symbol.children = symbols(inner, document);
      return symbol;
    });
}

/** Where the files are that a transcript names: in the Task's worktree while it has one, else in the repository. */
function folderOf(store: Store, uri: vscode.Uri): string | undefined {
  const { runId, taskId } = attemptOf(uri);
  const run = store.run(runId);
  return run?.tasks.find(({ id }) => id === taskId)?.worktree ?? run?.repository;
}

function links(
  text: TranscriptText | undefined,
  document: vscode.TextDocument,
  folder: string | undefined,
): vscode.DocumentLink[] {
  if (text === undefined || folder === undefined) return [];
  const found = [];
  for (const { mark, start, end } of text.allBlocks()) {
    for (let line = start + 1; mark.paths.length > 0 && line <= Math.min(end, document.lineCount - 1); line++) {
      const words = document.lineAt(line).text;
      const path = mark.paths.find((one) =>
        words
          .trimStart()
          .replace(/^path: /, "")
          .startsWith(one),
      );
      if (path === undefined || /(^|[\\/])\.\.([\\/]|$)|^[\\/]|^[A-Za-z]:/.test(path)) continue;
      const at = words.indexOf(path);
      const target = vscode.Uri.joinPath(vscode.Uri.file(folder), path);
      found.push(new vscode.DocumentLink(new vscode.Range(line, at, line, at + path.length), target));
    }
  }
  return found;
}

function lenses(text: TranscriptText | undefined, uri: vscode.Uri, store: Store): vscode.CodeLens[] {
  if (text === undefined) return [];
  const attempted = attemptOf(uri);
  const lens = (line: number, title: string, command: string, ...args: unknown[]) =>
    new vscode.CodeLens(new vscode.Range(line, 0, line, 0), { title, command, arguments: args });
  const found = [];
  if (text.first > 0) found.push(lens(0, vscode.l10n.t("Show Earlier Turns"), "contextune.showEarlierTurns", uri));
  let lastTurn: number | undefined;
  for (const { mark, start } of text.allBlocks()) {
    if (mark.kind === "turn") lastTurn = start;
    if (mark.kind === "kept" && mark.turn !== null) {
      const title = vscode.l10n.t("Show What It Changed");
      found.push(lens(start, title, "contextune.showTurnChanges", uri, mark.turn));
    }
  }
  if (isAtWork(store, attempted)) {
    const title = vscode.l10n.t("Tell the Agent…");
    found.push(lens(lastTurn ?? 0, title, "contextune.tellAgent", { runId: attempted.runId }, attempted.taskId));
  }
  return found;
}
