/** The order of their own that people give Todos, folder by folder. Pure. */
import type { Todo } from "../../generated/protocol";
import type { PlacedTodo } from "../../store";

/** Ids that are kept in the order of one folder: those of Todos that are gone may come back with another branch. */
const MOST_KEPT = 5000;

/** The orders as a memory keeps them: ids of Todos by folder. */
export type KeptOrders = Readonly<Record<string, readonly string[]>>;

/** A place beside another Todo. */
export interface Spot {
  readonly beside: string;
  readonly after: boolean;
}

/** Holds in which order the Todos of each folder stand. */
export class Arrangement {
  readonly #orders: Map<string, readonly string[]>;

  constructor(kept: KeptOrders = {}) {
    this.#orders = new Map(Object.entries(kept));
  }

  /** The orders, to be kept. */
  get kept(): KeptOrders {
    return Object.fromEntries(this.#orders);
  }

  /** Whether the Todos of a folder have an order of their own; of any folder, if none is named. */
  has(folder?: string): boolean {
    return folder === undefined ? this.#orders.size > 0 : this.#orders.has(folder);
  }

  /** A folder's Todos in their order; those that were never put anywhere come last, as they stand in their files. */
  arranged<T>(folder: string, todos: readonly T[], idOf: (todo: T) => string): readonly T[] {
    const order = this.#orders.get(folder);
    if (order === undefined) return todos;
    const places = new Map(order.map((id, place) => [id, place]));
    const placeOf = (todo: T): number => places.get(idOf(todo)) ?? Number.MAX_SAFE_INTEGER;
    return [...todos].sort((one, other) => placeOf(one) - placeOf(other));
  }

  /** Puts Todos beside another one, in the order in which they are named. `all` are those that the folder has. */
  move(folder: string, all: readonly string[], ids: readonly string[], { beside, after }: Spot): void {
    const moved = new Set(ids);
    if (moved.has(beside) || !all.includes(beside)) return;
    const known = new Set(this.#orders.get(folder));
    const order = [...known, ...all.filter((id) => !known.has(id))].filter((id) => !moved.has(id));
    order.splice(order.indexOf(beside) + (after ? 1 : 0), 0, ...ids);
    const there = new Set(all);
    this.#orders.set(folder, order.length > MOST_KEPT ? order.filter((id) => there.has(id)) : order);
  }

  /** Has Todos of other words stand where they stood. `now` maps ids to those that took their place. */
  rename(folder: string, now: ReadonlyMap<string, string>): void {
    const order = this.#orders.get(folder);
    if (order !== undefined)
      this.#orders.set(
        folder,
        order.map((id) => now.get(id) ?? id),
      );
  }

  /** Has every Todo stand as in its file again. */
  clear(): void {
    this.#orders.clear();
  }
}

/** The Todos whose words somebody edited: ids that are gone, to those of the Todos that stand on the same lines. */
export function edited(before: readonly Todo[], now: readonly Todo[]): ReadonlyMap<string, string> {
  const there = new Set(now.map(({ id }) => id));
  const known = new Set(before.map(({ id }) => id));
  const fresh = new Map(now.filter(({ id }) => !known.has(id)).map((todo) => [lineOf(todo), todo.id]));
  const gone = before.filter(({ id }) => !there.has(id));
  return new Map(gone.flatMap((todo) => (fresh.has(lineOf(todo)) ? [[todo.id, fresh.get(lineOf(todo)) ?? ""]] : [])));
}

const lineOf = ({ path, line }: Todo): string => `${path}:${line}`;

/** The next place up or down for some Todos among those that stand beside them; undefined at the end. */
export function stepOf(beside: readonly PlacedTodo[], ids: readonly string[], step: "up" | "down"): Spot | undefined {
  const moved = new Set(ids);
  const places = beside.flatMap(({ todo }, place) => (moved.has(todo.id) ? [place] : []));
  const next = beside[step === "up" ? Math.min(...places) - 1 : Math.max(...places) + 1];
  return next && { beside: next.todo.id, after: step === "down" };
}
