/** Work that changing data asks for, done as often as a person can see, and never later than that. */

/** Does `work` when it is asked for, at most once in so many milliseconds; what was asked for meanwhile is done then. */
export class Coalesced {
  readonly #work: () => void;
  readonly #rest: () => number;
  #last = Number.NEGATIVE_INFINITY;
  #pending: NodeJS.Timeout | undefined;

  /** @param rest milliseconds, or what tells them anew each time */
  constructor(rest: number | (() => number), work: () => void) {
    this.#rest = typeof rest === "number" ? () => rest : rest;
    this.#work = work;
  }

  /** Has the work done: at once if it has rested, else as soon as it has. */
  ask(): void {
    if (this.#pending !== undefined) return;
    const due = this.#last + this.#rest() - performance.now();
    if (due <= 0) this.#do();
    else this.#pending = setTimeout(() => this.#do(), due);
  }

  /** Drops what was asked for and not done. */
  dispose(): void {
    clearTimeout(this.#pending);
    this.#pending = undefined;
  }

  #do(): void {
    this.#pending = undefined;
    this.#last = performance.now();
    this.#work();
  }
}
