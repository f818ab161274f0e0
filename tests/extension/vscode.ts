/** What code without an editor needs of VS Code's API: texts with their arguments filled in, in English, and names of icons. */
export const l10n = {
  t: (message: string, ...args: readonly (string | number | boolean)[]): string =>
    message.replace(/\{(\d+)\}/g, (whole, index) => String(args[Number(index)] ?? whole)),
};

/** Named by icons that are made while modules load; nothing is drawn. */
export class ThemeColor {
  constructor(readonly id: string) {}
}

/** The same. */
export class ThemeIcon {
  constructor(
    readonly id: string,
    readonly color?: ThemeColor,
  ) {}
}

/** Tells those who listen, in the order in which they came. */
export class EventEmitter<T> {
  #listeners: ((value: T) => void)[] = [];
  readonly event = (listener: (value: T) => void) => {
    this.#listeners.push(listener);
    return { dispose: () => this.#listeners.splice(this.#listeners.indexOf(listener), 1) };
  };
  fire(value: T): void {
    for (const listener of [...this.#listeners]) listener(value);
  }
  dispose(): void {
    this.#listeners = [];
  }
}
