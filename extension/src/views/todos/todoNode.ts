/** One Todo: a row with a checkbox; a click opens its line. */
import { join } from "node:path";
import * as vscode from "vscode";
import { placeOf } from "../../folders";
import { type PlacedTodo, type Store, todoKey } from "../../store";
import type { Node } from "../node";
import { taskIcon } from "../runs/icons";
import { isCurrent, todoDescription, todoLabel, todoSpoken, todoTooltip } from "./words";

/** What rows of Todos have in common: which are ticked, by their keys, and what is known of each. */
export interface TodoLook {
  readonly checked: ReadonlySet<string>;
  readonly store: Store;
  /** Fetches the code around a Todo, as Markdown that is safe to show; empty if it cannot be had. */
  readonly preview: (placed: PlacedTodo) => Promise<string>;
}

/** A Todo in the Todos view. */
export class TodoNode implements Node {
  /** `within` tells rows of a Todo apart that stands in several groups; empty for the one below its file. */
  constructor(
    readonly placed: PlacedTodo,
    private readonly look: TodoLook,
    private readonly within = "",
  ) {}

  /** What tells it apart from every other row. */
  get key(): string {
    const { folder, todo } = this.placed;
    return `todo:${this.within}${folder}:${todo.id}`;
  }

  item(): vscode.TreeItem {
    const { folder, todo } = this.placed;
    const fact = this.look.store.fact(this.placed);
    const work = this.look.store.workOn(this.placed);
    const item = new vscode.TreeItem(todoLabel(todo));
    item.id = this.key;
    const apart = this.within !== "";
    const place = apart ? placeOf(folder) : ""; // elsewhere it stands below its folder
    item.description = [todoDescription(todo, fact, work, apart), place].filter((part) => part !== "").join(" · ");
    item.accessibilityInformation = { label: todoSpoken(todo, fact, work), role: "checkbox" };
    if (work !== undefined && isCurrent(work.run)) item.iconPath = taskIcon(work.task);
    else if (fact?.doubtText) item.iconPath = new vscode.ThemeIcon("info");
    item.contextValue = "todo";
    item.checkboxState = {
      state: this.look.checked.has(todoKey(this.placed))
        ? vscode.TreeItemCheckboxState.Checked
        : vscode.TreeItemCheckboxState.Unchecked,
      tooltip: vscode.l10n.t("Tick to parallelize this TODO with others"),
    };
    const line = new vscode.Position(todo.line - 1, Math.max(0, todo.column - 1));
    item.command = {
      command: "vscode.open",
      title: vscode.l10n.t("Open the Line"),
      arguments: [vscode.Uri.file(join(folder, todo.path)), { selection: new vscode.Range(line, line) }],
    };
    return item;
  }

  tooltip(): vscode.MarkdownString {
    const { todo } = this.placed;
    return new vscode.MarkdownString(todoTooltip(todo, this.look.store.fact(this.placed)));
  }

  more(): Promise<string> {
    return this.look.preview(this.placed);
  }

  children(): readonly Node[] {
    return [];
  }
}
