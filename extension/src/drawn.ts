/** What was drawn last: VS Code sends what it is given to its window again, changed or not. */

/** Remembers how things look that were drawn, by where: in an editor, say. Nothing is drawn in the beginning. */
export class Drawn<Place extends object> {
  readonly #looks = new WeakMap<Place, string>();

  /** Whether something looks otherwise there than what was drawn last; it counts as drawn from then on. Empty is nothing. */
  isOther(place: Place, look: string): boolean {
    if ((this.#looks.get(place) ?? "") === look) return false;
    this.#looks.set(place, look);
    return true;
  }
}
