/** A Todo in words. */

import { l10n } from "vscode";
import type { RunView, TaskView, Todo, TodoFactView } from "../../generated/protocol";
import { escapeMarkdown } from "../../plainMarkdown";
import { taskDescription } from "../runs/words";

/** The first line of its text, or its marker if it has none. */
export function todoLabel(todo: Todo): string {
  return todo.text.split("\n")[0]?.trim() || todo.marker;
}

/** The newest Run of a Todo, and its Task. */
export interface Work {
  readonly run: RunView;
  readonly task: TaskView;
}

/** Whether a Run is at work or waits for review, so that its Todos are spoken for. */
export function isCurrent({ state }: RunView): boolean {
  return ["running", "paused", "parked", "review"].includes(state);
}

/**
 * How far it is or what it would cost; then marker unless it is a plain TODO, owner, enclosing symbol, line.
 *
 * @param apart whether it stands elsewhere than below its file, which is then named
 */
export function todoDescription(todo: Todo, fact?: TodoFactView, work?: Work, apart = false): string {
  const parts = [
    work !== undefined && isCurrent(work.run) ? taskDescription(work.task) : (fact?.likelyText ?? ""),
    todo.marker === "TODO" ? "" : todo.marker,
    todo.owner === null ? "" : `@${todo.owner}`,
    todo.issue === null ? "" : `#${todo.issue}`,
    todo.symbol ?? "",
    apart ? `${todo.path.split("/").at(-1)}:${todo.line}` : l10n.t("line {0}", todo.line),
  ];
  return parts.filter((part) => part !== "").join(" · ");
}

/** The row in one sentence, for who hears it. */
export function todoSpoken(todo: Todo, fact?: TodoFactView, work?: Work): string {
  return [todoLabel(todo), todoDescription(todo, fact, work), todo.path, fact?.doubtText ?? ""]
    .filter(Boolean)
    .join(", ");
}

/** The whole text, as Markdown: where it stands, what it would cost, who wrote it, what speaks against it. */
export function todoTooltip(todo: Todo, fact?: TodoFactView): string {
  const lines = todo.text.split("\n").map((line) => escapeMarkdown(line.trim()));
  const more: string[] = [];
  if (fact?.priceText)
    more.push(
      l10n.t("Expected: {0}, estimated without a model; planning comes on top", escapeMarkdown(fact.priceText)),
    );
  if (fact && fact.writtenAt !== null) {
    const day = new Date(fact.writtenAt).toLocaleDateString();
    more.push(l10n.t("Written by {0} on {1}", escapeMarkdown(fact.author), escapeMarkdown(day)));
  } else if (fact?.priceText) more.push(l10n.t("Not committed yet"));
  if (fact?.doubtText) more.push(escapeMarkdown(fact.doubtText));
  return [
    `**${todo.marker}** ${lines.join("  \n")}`,
    escapeMarkdown(`${todo.path}:${todo.line}`),
    ...(more.length > 0 ? [more.join("  \n")] : []),
  ].join("\n\n");
}

/** `8 in 6 files`. */
export function countText(todos: number, files: number): string {
  if (todos === 0) return "";
  return files === 1 ? l10n.t("{0} in 1 file", todos) : l10n.t("{0} in {1} files", todos, files);
}
