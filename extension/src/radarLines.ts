/** Lines on which the Radar sees an overlap stand out; what it says of them is the diagnostic's and the hover's. */
import * as vscode from "vscode";

/** The code that the daemon gives these diagnostics. */
const CODE = "radar";

/** Keeps the lines of visible editors marked as the diagnostics are. */
export function markRadarLines(): vscode.Disposable {
  const mark = vscode.window.createTextEditorDecorationType({
    isWholeLine: true,
    backgroundColor: new vscode.ThemeColor("editor.rangeHighlightBackground"),
    overviewRulerColor: new vscode.ThemeColor("editorOverviewRuler.warningForeground"),
    overviewRulerLane: vscode.OverviewRulerLane.Left,
  });
  const show = (editors: readonly vscode.TextEditor[]): void => {
    for (const editor of editors) {
      const seen = vscode.languages.getDiagnostics(editor.document.uri).filter(isRadar);
      editor.setDecorations(
        mark,
        // A diagnostic of whole lines ends at the start of the line below them.
        seen.map(
          ({ range }) => new vscode.Range(range.start.line, 0, Math.max(range.start.line, range.end.line - 1), 0),
        ),
      );
    }
  };
  show(vscode.window.visibleTextEditors);
  return vscode.Disposable.from(
    mark,
    vscode.window.onDidChangeVisibleTextEditors(show),
    vscode.languages.onDidChangeDiagnostics(({ uris }) => {
      const changed = new Set(uris.map(String));
      show(vscode.window.visibleTextEditors.filter((editor) => changed.has(String(editor.document.uri))));
    }),
  );
}

function isRadar({ source, code }: vscode.Diagnostic): boolean {
  return source === "contextune" && code === CODE;
}
