/** Keeping the API key out of the log: at level trace, messages are written down whole, and one carries the key. */

/** Only what this needs of a log channel. */
interface Traced {
  trace(message: string, ...args: unknown[]): void;
}

/** `text` with the value of every `apiKey` left out. */
export function mask(text: string): string {
  return text.replace(/("apiKey"\s*:\s*")(?:[^"\\]|\\.)*"/g, '$1…"');
}

/** The same channel, but for traces, which are masked. */
export function masked<T extends Traced>(log: T): T {
  const trace = (message: string, ...args: unknown[]): void => log.trace(mask(message), ...args);
  return new Proxy(log, {
    get: (target, property) => {
      if (property === "trace") return trace;
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
