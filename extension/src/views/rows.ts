/** The rows of a tree as VS Code has them: which they are, how they looked, and which look otherwise by now. */
import type { MarkdownString, TreeItem } from "vscode";
import type { Node } from "./node";

/** Milliseconds after which VS Code has drawn what it was given. */
const DRAWN_MS = 1000;

/** One row that VS Code was given. */
interface Row {
  readonly node: Node;
  /** The id of the row above it; empty for a root. */
  above: string;
  /** When VS Code was given it last, or told to ask for it, on the clock of `performance.now`. */
  given: number;
  /** How it looked when VS Code asked last, written out; empty if that is to be drawn anew in any case. */
  look: string;
  /** What was told when the mouse rested on it, written out; undefined if nobody asked. */
  told: string | undefined;
  /** The ids of the rows below it, once VS Code has asked for them. */
  below: readonly string[] | undefined;
}

/** What is drawn anew: some rows with all below them, or the whole tree. */
export type Changed = readonly Node[] | "all";

/** Holds the rows of one tree. A row is the same object for as long as it is there, which is what VS Code goes by. */
export class Rows {
  #rows = new Map<string, Row>();
  #roots: readonly string[] | undefined;

  /** How a row looks, which VS Code is about to draw. */
  look(node: Node): TreeItem {
    const item = node.item();
    const row = this.#rows.get(item.id ?? "");
    if (row !== undefined) row.look = written(item);
    return item;
  }

  /** Has a row drawn anew however it looks. */
  forget(node: Node): void {
    const row = this.#rows.get(node.item().id ?? "");
    if (row !== undefined) row.look = "";
  }

  /** VS Code has drawn a tick of a person's, before or after what it was given: if that was just now, it is given again. */
  ticked(node: Node): void {
    const item = node.item();
    const row = this.#rows.get(item.id ?? "");
    if (row !== undefined) row.look = performance.now() - row.given < DRAWN_MS ? "" : written(item);
  }

  /** What is told of a row, which VS Code keeps until the row is drawn anew. */
  tell(node: Node): string | MarkdownString | undefined {
    const words = node.tooltip?.();
    const row = this.#rows.get(node.item().id ?? "");
    if (row !== undefined) row.told = JSON.stringify(words ?? "");
    return words;
  }

  /** The rows of which something was told. */
  told(): readonly Node[] {
    return [...this.#rows.values()].flatMap(({ node, told }) => (told === undefined ? [] : [node]));
  }

  /** The rows below one, or the roots, as VS Code is given them: those that it had are the same objects. */
  below(parent: Node | undefined, fresh: readonly Node[]): Node[] {
    const above = parent?.item().id ?? "";
    const given = fresh.map((node) => this.#same(node, above));
    const ids = given.map(({ id }) => id);
    const holder = parent && this.#rows.get(above);
    const before = (parent === undefined ? this.#roots : holder?.below) ?? [];
    if (parent === undefined) this.#roots = ids;
    else if (holder !== undefined) holder.below = ids;
    const kept = new Set(ids);
    for (const id of before) if (!kept.has(id)) this.#drop(id, above);
    return given.map(({ node }) => node);
  }

  /** What VS Code has to draw anew so that it shows these roots and all below them. */
  changed(roots: readonly Node[]): Changed {
    if (this.#roots === undefined) return "all";
    return this.#changes(this.#roots, roots) ?? "all";
  }

  /** The rows to draw anew among those that VS Code has below one; undefined if there are others by now. */
  #changes(before: readonly string[], fresh: readonly Node[]): readonly Node[] | undefined {
    const items = fresh.map((node) => node.item());
    if (items.length !== before.length || items.some(({ id }, index) => id !== before[index])) return undefined;
    return fresh.flatMap((node, index) => {
      const item = items[index];
      const row = this.#rows.get(item?.id ?? "");
      if (item === undefined || row === undefined) return [];
      takeOn(row.node, node);
      if (row.look !== written(item) || this.#tellsOtherwise(row)) {
        row.told = undefined;
        row.given = performance.now();
        return [row.node];
      }
      if (row.below === undefined) return [];
      return this.#changes(row.below, row.node.children()) ?? [row.node];
    });
  }

  #tellsOtherwise({ node, told }: Row): boolean {
    return told !== undefined && told !== JSON.stringify(node.tooltip?.() ?? "");
  }

  #same(node: Node, above: string): { readonly id: string; readonly node: Node } {
    const id = node.item().id ?? "";
    const known = this.#rows.get(id);
    const given = performance.now();
    if (known?.node.constructor === node.constructor) {
      takeOn(known.node, node);
      Object.assign(known, { above, given });
      return { id, node: known.node };
    }
    this.#rows.set(id, { node, above, given, look: "", told: undefined, below: undefined });
    return { id, node };
  }

  /** Forgets a row that is gone from below another one, unless it has gone elsewhere. */
  #drop(id: string, above: string): void {
    const row = this.#rows.get(id);
    if (row?.above !== above) return;
    this.#rows.delete(id);
    for (const below of row.below ?? []) this.#drop(below, id);
  }
}

/** How a row looks, written out; a node among a command's arguments is the same one whatever it knows by now. */
function written(item: TreeItem): string {
  const isNode = (value: unknown): boolean =>
    typeof value === "object" && value !== null && "item" in value && "children" in value;
  return JSON.stringify(item, (_, value) => (isNode(value) ? null : value));
}

/** Has a node know what a newer one of the same row knows. */
function takeOn(known: Node, newer: Node): void {
  if (known !== newer) Object.assign(known, newer);
}
