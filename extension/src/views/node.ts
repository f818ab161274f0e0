/** What every tree view is made of: nodes that know how they look and what is below them. */
import type { MarkdownString, TreeItem } from "vscode";

/** One row of a tree view. */
export interface Node {
  /** How the row looks. Its `id` is stable: a node of the same id is the same row, drawn anew only where it differs. */
  item(): TreeItem;
  /** The rows below it; empty if it has none. */
  children(): readonly Node[];
  /** What is told of the row when the mouse rests on it, unless `item` has that already. */
  tooltip?(): string | MarkdownString;
  /** What has to be fetched to tell more, as Markdown that is safe to show; empty if there is nothing. */
  more?(): Promise<string>;
}
