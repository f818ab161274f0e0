/** A transcript as far as it was fetched: its text, and where its headings are. Nothing of VS Code is known. */
import type { TranscriptMark, TranscriptResult } from "../generated/protocol";

/** Lines that belong together, both counted from 0 and inclusive. */
export interface Block {
  readonly mark: TranscriptMark;
  readonly start: number;
  readonly end: number;
  readonly inner: readonly Block[];
}

/** Something fetched at once: the place behind it, and what it has. */
interface Piece {
  readonly next: number;
  readonly characters: number;
  readonly lines: number;
  readonly marks: number;
}

/** Parts of a transcript put together; grows at its end while the attempt runs, and at its beginning on demand. */
export class TranscriptText {
  #head = "";
  #body = "";
  #bodyLines = 0;
  #marks: TranscriptMark[] = [];
  #toFold = new Set<TranscriptMark>();
  #blocks: readonly Block[] | undefined;
  #first = 0;
  #next: number | undefined;
  /** What was fetched, piece by piece: a piece is dropped whole. */
  #pieces: Piece[] = [];
  #added = "";
  #isReshaped = true;

  /** The place behind the last entry that is here; undefined before the first part. */
  get next(): number | undefined {
    return this.#next;
  }

  /** The place of the first entry that is here: 0 if nothing is left out before it. */
  get first(): number {
    return this.#first;
  }

  get text(): string {
    return this.#head + this.#body;
  }

  get length(): number {
    return this.#head.length + this.#body.length;
  }

  /** The line behind the last one that has text. */
  get lastLine(): number {
    return this.#headLines + this.#bodyLines;
  }

  /** Takes in what comes next, or everything if nothing is here yet. Says whether anything has changed. */
  append(part: TranscriptResult): boolean {
    if (this.#next === undefined) this.#begin(part);
    this.#next = part.next;
    if (part.text === "") return part.leftOutText !== "";
    const text = this.#bodyLines > 0 && startsSection(part) ? `\n${part.text}` : part.text;
    const lines = lineCount(text);
    this.#pieces.push({ next: part.next, characters: text.length, lines, marks: part.marks.length });
    this.#added += text;
    this.#take(part, this.#bodyLines + (text.length - part.text.length), (marks) => this.#marks.push(...marks));
    this.#body += text;
    this.#bodyLines += lines;
    return true;
  }

  /** Takes in what stands before. */
  prepend(part: TranscriptResult): void {
    const gap = part.text !== "" && (this.#marks[0]?.level ?? 3) < 3 && this.#marks[0]?.line === 0 ? "\n" : "";
    const shift = lineCount(part.text) + gap.length;
    this.#body = part.text + gap + this.#body;
    this.#bodyLines += shift;
    const characters = part.text.length + gap.length;
    this.#pieces.unshift({ next: part.next, characters, lines: shift, marks: part.marks.length });
    this.#isReshaped = true;
    const moved = this.#marks.map((mark) => this.#moved(mark, shift));
    this.#marks = [];
    this.#take(part, 0, (marks) => {
      this.#marks = [...marks, ...moved];
    });
    this.#begin(part);
  }

  /**
   * Drops the oldest pieces, so that about `characters` are left, and says `leftOut` in their place.
   *
   * Returns how many lines from the document's first one have given way to how many; undefined if nothing is dropped.
   */
  trim(characters: number, leftOut: string): { readonly before: number; readonly after: number } | undefined {
    const dropped = { characters: 0, lines: 0, marks: 0 };
    while (this.#pieces.length > 1 && this.#body.length - dropped.characters > characters) {
      const piece = this.#pieces.shift();
      if (piece === undefined) break;
      dropped.characters += piece.characters;
      dropped.lines += piece.lines;
      dropped.marks += piece.marks;
      this.#first = piece.next;
    }
    if (dropped.characters === 0) return undefined;
    const before = this.#headLines + dropped.lines;
    this.#body = this.#body.slice(dropped.characters);
    this.#bodyLines -= dropped.lines;
    for (const mark of this.#marks.slice(0, dropped.marks)) this.#toFold.delete(mark);
    this.#marks = this.#marks.slice(dropped.marks).map((mark) => this.#moved(mark, -dropped.lines));
    this.#head = `${leftOut}\n\n`;
    this.#blocks = undefined;
    return { before, after: this.#headLines };
  }

  /** The text that a document needs at its end to be up to date; undefined if it needs all of it. Told once. */
  takeAdded(): string | undefined {
    const added = this.#isReshaped ? undefined : this.#added;
    this.#added = "";
    this.#isReshaped = false;
    return added;
  }

  /** What stands before the first piece, line by line with their ends. */
  get head(): string {
    return this.#head;
  }

  /** The headings with what stands below each, nested. */
  blocks(): readonly Block[] {
    this.#blocks ??= nested(this.#marks, this.#headLines, this.lastLine - 1);
    return this.#blocks;
  }

  /** All of them, outer before inner. */
  *allBlocks(blocks: readonly Block[] = this.blocks()): Generator<Block> {
    for (const block of blocks) {
      yield block;
      yield* this.allBlocks(block.inner);
    }
  }

  /** The line of a turn's heading; undefined if it is not here. */
  lineOfTurn(turn: number): number | undefined {
    const mark = this.#marks.find((one) => one.kind === "turn" && one.turn === turn);
    return mark && mark.line + this.#headLines;
  }

  /** The turn that a line belongs to. */
  turnAt(line: number): number | undefined {
    const before = this.#marks.filter((mark) => mark.turn !== null && mark.line + this.#headLines <= line);
    return before.at(-1)?.turn ?? undefined;
  }

  /** The lines to fold that were not yet asked for; they are asked for once. */
  takeFolded(): number[] {
    const lines = [...this.#toFold].map((mark) => mark.line + this.#headLines);
    this.#toFold.clear();
    return lines;
  }

  get #headLines(): number {
    return lineCount(this.#head);
  }

  #moved(mark: TranscriptMark, lines: number): TranscriptMark {
    const after = { ...mark, line: mark.line + lines };
    if (this.#toFold.delete(mark)) this.#toFold.add(after);
    return after;
  }

  #begin(part: TranscriptResult): void {
    this.#isReshaped = true;
    this.#first = part.first;
    this.#head = part.leftOutText === "" ? "" : `${part.leftOutText}\n\n`;
    this.#blocks = undefined;
  }

  #take(part: TranscriptResult, shift: number, add: (marks: TranscriptMark[]) => void): void {
    const marks = part.marks.map((mark) => ({ ...mark, line: mark.line + shift }));
    for (const mark of marks) if (mark.folded) this.#toFold.add(mark);
    add(marks);
    this.#blocks = undefined;
  }
}

function startsSection({ marks }: TranscriptResult): boolean {
  return marks[0]?.line === 0 && marks[0].level < 3;
}

function lineCount(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) count++;
  return count;
}

interface Open extends Block {
  end: number;
  readonly inner: Open[];
}

function nested(marks: readonly TranscriptMark[], shift: number, last: number): readonly Block[] {
  const roots: Open[] = [];
  const open: Open[] = [];
  for (const mark of marks) {
    const start = mark.line + shift;
    // Above a heading of a turn or an attempt stands an empty line, which belongs to nothing.
    const end = start - (mark.level < 3 ? 2 : 1);
    while (open.length > 0 && (open.at(-1)?.mark.level ?? 0) >= mark.level) close(open.pop(), end);
    const block: Open = { mark, start, end: last, inner: [] };
    (open.at(-1)?.inner ?? roots).push(block);
    open.push(block);
  }
  return roots;
}

function close(block: Open | undefined, end: number): void {
  if (block !== undefined) block.end = Math.max(block.start, end);
}
