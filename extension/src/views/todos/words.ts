/** A Todo in words. */
import { l10n } from "vscode";
import type { Todo } from "../../generated/protocol";

/** The first line of its text, or its marker if it has none. */
export function todoLabel(todo: Todo): string {
  return todo.text.split("\n")[0]?.trim() || todo.marker;
}

/** Marker unless it is a plain TODO, owner, enclosing symbol, line. */
export function todoDescription(todo: Todo): string {
  const parts = [
    todo.marker === "TODO" ? "" : todo.marker,
    todo.owner === null ? "" : `@${todo.owner}`,
    todo.issue === null ? "" : `#${todo.issue}`,
    todo.symbol ?? "",
    l10n.t("line {0}", todo.line),
  ];
  return parts.filter((part) => part !== "").join(" · ");
}

function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+\-.!|<>~]/g, "\\$&");
}

/** The whole text, as Markdown. */
export function todoTooltip(todo: Todo): string {
  const lines = todo.text.split("\n").map((line) => escapeMarkdown(line.trim()));
  return [`**${todo.marker}** ${lines.join("  \n")}`, "", `\`${todo.path}:${todo.line}\``].join("\n");
}

/** `8 in 6 files`. */
export function countText(todos: number, files: number): string {
  if (todos === 0) return "";
  return files === 1 ? l10n.t("{0} in 1 file", todos) : l10n.t("{0} in {1} files", todos, files);
}
