/** How the TODOs of a file stand, where they stand: an icon in the gutter and a word behind the line. */
import * as vscode from "vscode";
import { Coalesced } from "./coalesce";
import { Drawn } from "./drawn";
import type { TaskView } from "./generated/protocol";
import type { PlacedTodo, Store } from "./store";
import { taskDescription } from "./views/runs/words";
import { isCurrent } from "./views/todos/words";

/** Milliseconds between two draws of the lines. */
const REST_MS = 250;

type Sign = "queued" | "working" | "paused" | "asking" | "passed" | "failed";

const SIGNS: Readonly<Record<TaskView["state"], Sign>> = {
  waiting: "queued",
  working: "working",
  testing: "working",
  joining: "working",
  paused: "paused",
  asking: "asking",
  accepted: "passed",
  failed: "failed",
  cancelled: "failed",
  skipped: "failed",
};

const COLOURS: Readonly<Record<Sign, string>> = {
  queued: "descriptionForeground",
  working: "charts.blue",
  paused: "descriptionForeground",
  asking: "charts.yellow",
  // Not those of the testing icons, which are too pale for words on white.
  passed: "charts.green",
  failed: "charts.red",
};

/** Marks the TODO lines of visible editors by what Runs do about them. */
export function markTodoLines(store: Store, media: vscode.Uri): vscode.Disposable {
  const kinds = Object.keys(COLOURS) as Sign[];
  const marks = kinds.map((sign) => ({
    sign,
    mark: vscode.window.createTextEditorDecorationType(look(sign, media)),
    drawn: new Drawn<vscode.TextEditor>(),
  }));
  const show = (): void => {
    // The older side of a diff is called by the same path, and its lines are others.
    for (const editor of vscode.window.visibleTextEditors.filter(({ document }) => document.uri.scheme === "file")) {
      const lines = signs(store.todosOfFile(editor.document.uri.fsPath), store, editor.document);
      for (const { sign, mark, drawn } of marks) {
        const now = lines.get(sign) ?? [];
        // An edit may have moved what was drawn, or removed it.
        const written = now.length === 0 ? "" : JSON.stringify([editor.document.version, now]);
        if (drawn.isOther(editor, written)) editor.setDecorations(mark, now);
      }
    }
  };
  const drawing = new Coalesced(REST_MS, show);
  const unsubscribe = store.onChange(({ kind }) => {
    if (kind === "run" || kind === "todos") drawing.ask();
  });
  show();
  return vscode.Disposable.from(
    ...marks.map(({ mark }) => mark),
    { dispose: unsubscribe },
    drawing,
    vscode.window.onDidChangeVisibleTextEditors(show),
  );
}

function look(sign: Sign, media: vscode.Uri): vscode.DecorationRenderOptions {
  return {
    gutterIconPath: vscode.Uri.joinPath(media, `todo-${sign}.svg`),
    gutterIconSize: "70%",
    after: { color: new vscode.ThemeColor(COLOURS[sign]), margin: "0 0 0 2em" },
    rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed,
  };
}

function signs(todos: readonly PlacedTodo[], store: Store, document: vscode.TextDocument) {
  const found = new Map<Sign, vscode.DecorationOptions[]>();
  for (const placed of todos) {
    const { todo } = placed;
    const work = store.workOn(placed);
    if (work === undefined || !isCurrent(work.run) || todo.line > document.lineCount) continue;
    const sign = work.task.halted === null ? SIGNS[work.task.state] : "paused";
    // Behind the comment's last line: there its own words are at an end.
    const { range } = document.lineAt(Math.min(todo.endLine, document.lineCount) - 1);
    const behind = { range, renderOptions: { after: { contentText: taskDescription(work.task) } } };
    found.set(sign, [...(found.get(sign) ?? []), behind]);
  }
  return found;
}
