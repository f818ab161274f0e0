/** Saves that take long: while one is under way, only the newest text of each document waits. */

interface Waiting {
  text: string;
  readonly done: Promise<void>;
}

/** With auto save a document is saved at every pause in typing; each save tests a whole result. */
export class Writes {
  readonly #waiting = new Map<string, Waiting>();
  #last: Promise<void> = Promise.resolve();

  /**
   * Has `save` write the newest text of a document once every write before has ended.
   *
   * @returns when a text that is at least as new is written; rejects as `save` does
   */
  write(document: string, text: string, save: (newest: string) => Promise<void>): Promise<void> {
    const waiting = this.#waiting.get(document);
    if (waiting !== undefined) {
      waiting.text = text;
      return waiting.done;
    }
    const done = this.#last.then(() => {
      const newest = this.#waiting.get(document)?.text ?? text;
      this.#waiting.delete(document);
      return save(newest);
    });
    this.#waiting.set(document, { text, done });
    this.#last = done.catch(() => {});
    return done;
  }
}
