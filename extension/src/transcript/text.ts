/** A transcript as far as it was fetched: its text, and where its headings are. Nothing of VS Code is known. */
import type { TranscriptMark, TranscriptResult } from "../generated/protocol";

/** Lines that belong together, both counted from 0 and inclusive. */
export interface Block {
  readonly mark: TranscriptMark;
  readonly start: number;
  readonly end: number;
  readonly inner: readonly Block[];
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
    this.#take(part, this.#bodyLines + (text.length - part.text.length), (marks) => this.#marks.push(...marks));
    this.#body += text;
    this.#bodyLines += lineCount(text);
    return true;
  }

  /** Takes in what stands before. */
  prepend(part: TranscriptResult): void {
    const gap = part.text !== "" && (this.#marks[0]?.level ?? 3) < 3 && this.#marks[0]?.line === 0 ? "\n" : "";
    const shift = lineCount(part.text) + gap.length;
    this.#body = part.text + gap + this.#body;
    this.#bodyLines += shift;
    const moved = this.#marks.map((mark) => {
      const after = { ...mark, line: mark.line + shift };
      if (this.#toFold.delete(mark)) this.#toFold.add(after);
      return after;
    });
    this.#marks = [];
    this.#take(part, 0, (marks) => {
      this.#marks = [...marks, ...moved];
    });
    this.#begin(part);
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

  #begin(part: TranscriptResult): void {
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
