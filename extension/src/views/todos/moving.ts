/** Where Todos go that are dragged, or moved a step, in the Todos view. Pure. */
import { type PlacedTodo, todoKey } from "../../store";
import type { Node } from "../node";
import { type Spot, stepOf } from "./arrangement";
import { TodoFileNode } from "./fileNode";
import { TodoGroupNode } from "./groupNode";
import { TodoNode } from "./todoNode";

/** Rows that can be moved. */
export type Movable = TodoNode | TodoFileNode;

/** Todos that go to a place. */
export interface Move {
  readonly todos: readonly PlacedTodo[];
  readonly to: Spot;
  /** Whether the view shows them there as it is grouped. */
  readonly shown: boolean;
}

/** Whether a row can be moved. */
export function isMovable(node: unknown): node is Movable {
  return node instanceof TodoNode || node instanceof TodoFileNode;
}

/**
 * Where rows go that are dropped on another one: it makes room for them, above it or below, on the side that they come from.
 *
 * @param target undefined for the empty space below all rows
 * @returns undefined if they stay where they are
 */
export function dropped(
  dragged: readonly Movable[],
  target: Node | undefined,
  roots: readonly Node[],
): Move | undefined {
  const [first] = dragged;
  const from = first && standing(first, roots);
  if (first === undefined || from === undefined) return undefined;
  const move = (row: Node | undefined, after: boolean, shown: boolean): Move | undefined => {
    const todos = todosOf(dragged);
    const to = row && besideOf(row, after, todos);
    return to && { todos, to, shown };
  };
  if (target === undefined) return move(from.beside.at(-1), true, true);
  const onto = first instanceof TodoFileNode && target instanceof TodoNode ? fileOf(target, from.beside) : target;
  const place = placeOf(onto, from.beside);
  if (place !== -1) return move(from.beside[place], place > placeOf(first, from.beside), true);
  return move(onto, false, keyOf(onto) === keyOf(from.above));
}

/** Where rows go a step up or down among those beside them; undefined where that is the end. */
export function stepped(rows: readonly Movable[], step: "up" | "down", roots: readonly Node[]): Move | undefined {
  const [first] = rows;
  const from = first && standing(first, roots);
  if (first === undefined || from === undefined) return undefined;
  const todos = todosOf(rows);
  if (first instanceof TodoNode) {
    const others = from.beside.flatMap((row) => (row instanceof TodoNode ? [row.placed] : []));
    const ids = todos.map(({ todo }) => todo.id);
    const to = stepOf(others, ids, step);
    return to && { todos, to, shown: true };
  }
  const next = from.beside[placeOf(first, from.beside) + (step === "up" ? -1 : 1)];
  const to = next && besideOf(next, step === "down", todos);
  return to && { todos, to, shown: true };
}

/** A row's neighbours, itself among them, and the row above them all; undefined if it is not there any more. */
function standing(
  row: Node,
  among: readonly Node[],
  above?: Node,
): { readonly beside: readonly Node[]; readonly above: Node | undefined } | undefined {
  if (placeOf(row, among) !== -1) return { beside: among, above };
  for (const one of among) {
    const found = standing(row, one.children(), one);
    if (found !== undefined) return found;
  }
  return undefined;
}

function keyOf(node: Node | undefined): string | undefined {
  return isMovable(node) || node instanceof TodoGroupNode ? node.key : undefined;
}

function placeOf(node: Node | undefined, among: readonly Node[]): number {
  const key = keyOf(node);
  return key === undefined ? -1 : among.findIndex((one) => keyOf(one) === key);
}

/** The row of a Todo's file. */
function fileOf({ placed }: TodoNode, among: readonly Node[]): Node | undefined {
  return among.find(
    (row) => row instanceof TodoFileNode && row.path === placed.todo.path && row.folder === placed.folder,
  );
}

function todosOf(rows: readonly Movable[]): readonly PlacedTodo[] {
  const all = rows.flatMap((row) => (row instanceof TodoNode ? [row.placed] : row.todos));
  return [...new Map(all.map((placed) => [todoKey(placed), placed])).values()];
}

/** Beside the first or the last Todo of a row that is not itself on the way. */
function besideOf(row: Node, after: boolean, moved: readonly PlacedTodo[]): Spot | undefined {
  const ids = new Set(moved.map(todoKey));
  const all =
    row instanceof TodoNode
      ? [row.placed]
      : row instanceof TodoFileNode || row instanceof TodoGroupNode
        ? row.todos
        : [];
  const staying = all.filter((placed) => !ids.has(todoKey(placed)));
  const one = after ? staying.at(-1) : staying[0];
  return one && { beside: one.todo.id, after };
}
