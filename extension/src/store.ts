/**
 * What the daemon said last: Todos by folder, Quotes, Runs and the meter.
 *
 * A view is replaced whole, and never by an older one; of a Run's Tasks only those are sent that have changed. Nothing is computed here that the daemon could compute, and
 * nothing of VS Code is known.
 */
import { join } from "node:path";
import type {
  MeterView,
  QuoteChanged,
  RunChanged,
  RunView,
  TaskView,
  Todo,
  TodoFactsResult,
  TodoFactView,
  TodoListResult,
} from "./generated/protocol";
import { areNested } from "./nested";

/** A Todo together with the folder that its path starts from. */
export interface PlacedTodo {
  readonly folder: string;
  readonly todo: Todo;
}

/** A Todo among those of all folders: two clones of a repository have Todos of the same ids. */
export function todoKey({ folder, todo }: PlacedTodo): string {
  return `${folder}\n${todo.id}`;
}

/** One change of the store. */
export type Change =
  | { readonly kind: "todos"; readonly folder: string }
  | { readonly kind: "facts" }
  | { readonly kind: "quote"; readonly quote: QuoteChanged }
  | { readonly kind: "run"; readonly before: RunView | undefined; readonly run: RunView }
  | { readonly kind: "meter" };

/** States of a Run that needs somebody or something still. */
export const OPEN_RUN: ReadonlySet<RunView["state"]> = new Set(["running", "paused", "parked", "review"]);

type Listener = (change: Change) => void;

/** A file's path as a key: drive letters come in either case. */
export function fileKey(path: string): string {
  return path.replace(/^[A-Z]:/, (drive) => drive.toLowerCase());
}

/** A Run as it was sent: by itself with what has changed, as an answer with everything. */
type News = Pick<RunChanged, "run"> & Partial<RunChanged>;

/** A Run with all of its Tasks: those that were not sent are as they were. */
function whole({ run, taskIds = null }: News, before: RunView | undefined): RunView {
  if (taskIds === null) return run;
  const known = new Map([...(before?.tasks ?? []), ...run.tasks].map((task) => [task.id, task]));
  const tasks = taskIds.map((id) => {
    const task = known.get(id);
    if (task === undefined) throw new Error(`Task ${id} of ${run.id} was left out, though it was never sent.`);
    return task;
  });
  return { ...run, tasks };
}

/** Holds the newest views and tells listeners when one is replaced. */
export class Store {
  #folders = new Map<string, readonly Todo[]>();
  #files = new Map<string, PlacedTodo[]>();
  #facts = new Map<string, TodoFactView>();
  #quotes = new Map<string, QuoteChanged>();
  #runs = new Map<string, RunView>();
  #meter: MeterView | undefined;
  #listeners = new Set<Listener>();

  /** Calls `listener` after every change, until the returned function is called. */
  onChange(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Replaces the Todos of a folder. */
  setTodos({ folder, todos }: TodoListResult): void {
    this.#folders.set(folder, todos);
    this.#indexFiles();
    this.#tell({ kind: "todos", folder });
  }

  /** Takes in what is known of a folder's Todos beyond their comments. */
  setFacts({ folder, facts }: TodoFactsResult): void {
    for (const fact of facts) this.#facts.set(`${folder}\n${fact.id}`, fact);
    this.#tell({ kind: "facts" });
  }

  /** What is known of a Todo beyond its comment, once it has been asked for. */
  fact(placed: PlacedTodo): TodoFactView | undefined {
    return this.#facts.get(todoKey(placed));
  }

  /** The newest Run that concerns a Todo, and its Task. */
  workOn({ folder, todo }: PlacedTodo): { readonly run: RunView; readonly task: TaskView } | undefined {
    for (const run of this.runs()) {
      const task = run.tasks.find(({ todoIds }) => todoIds.includes(todo.id));
      if (task !== undefined && areNested(run.repository, folder)) return { run, task };
    }
    return undefined;
  }

  /** Forgets a folder that is no longer open. */
  dropFolder(folder: string): void {
    if (!this.#folders.delete(folder)) return;
    this.#indexFiles();
    this.#tell({ kind: "todos", folder });
  }

  /** The folders whose Todos are known, in the order in which they came. */
  folders(): readonly string[] {
    return [...this.#folders.keys()];
  }

  /** The Todos of one folder, by path and line. */
  todos(folder: string): readonly Todo[] {
    return this.#folders.get(folder) ?? [];
  }

  /** Every known Todo. */
  allTodos(): readonly PlacedTodo[] {
    return [...this.#folders].flatMap(([folder, todos]) => todos.map((todo) => ({ folder, todo })));
  }

  /** The Todo with this id. */
  todo(id: string): PlacedTodo | undefined {
    return this.allTodos().find(({ todo }) => todo.id === id);
  }

  /** The Todos of one file, by line. `file` is its full path. */
  todosOfFile(file: string): readonly PlacedTodo[] {
    return this.#files.get(fileKey(file)) ?? [];
  }

  /** The Todos that touch the lines `first` to `last` of a file; lines count from 1. */
  todosOfLines(file: string, first: number, last: number): readonly PlacedTodo[] {
    return this.todosOfFile(file).filter(({ todo }) => todo.line <= last && todo.endLine >= first);
  }

  /** Full paths of the files that hold a Todo. */
  filesWithTodos(): readonly string[] {
    return [...this.#files.keys()];
  }

  /** Replaces a Quote. */
  setQuote(quote: QuoteChanged): void {
    this.#quotes.set(quote.quoteId, quote);
    this.#tell({ kind: "quote", quote });
  }

  /** The newest word on a Quote. */
  quote(id: string): QuoteChanged | undefined {
    return this.#quotes.get(id);
  }

  /** Forgets a Quote that was approved or left. */
  dropQuote(id: string): void {
    this.#quotes.delete(id);
  }

  /** Replaces a Run, unless what is known is newer. Returns whether it was replaced. Throws if a Task is not known. */
  setRun(changed: News): boolean {
    const before = this.#runs.get(changed.run.id);
    if (before !== undefined && before.sequence > changed.run.sequence) return false;
    const run = whole(changed, before);
    this.#runs.set(run.id, run);
    this.#tell({ kind: "run", before, run });
    return true;
  }

  /** Forgets those Runs of `which` that are over; one that goes on or waits for review is never out of sight. */
  dropRuns(which: (run: RunView) => boolean): void {
    for (const run of [...this.#runs.values()]) {
      if (OPEN_RUN.has(run.state) || !which(run)) continue;
      this.#runs.delete(run.id);
      this.#tell({ kind: "run", before: run, run });
    }
  }

  /** Every known Run, newest first. */
  runs(): readonly RunView[] {
    return [...this.#runs.values()].sort((one, other) => other.createdAt - one.createdAt);
  }

  /** One Run. */
  run(id: string): RunView | undefined {
    return this.#runs.get(id);
  }

  /** The meter, once the daemon has sent it. */
  get meter(): MeterView | undefined {
    return this.#meter;
  }

  /** Replaces the meter. */
  setMeter(meter: MeterView): void {
    this.#meter = meter;
    this.#tell({ kind: "meter" });
  }

  #indexFiles(): void {
    this.#files = new Map();
    for (const placed of this.allTodos()) {
      const key = fileKey(join(placed.folder, placed.todo.path));
      const known = this.#files.get(key);
      if (known) known.push(placed);
      else this.#files.set(key, [placed]);
    }
  }

  #tell(change: Change): void {
    for (const listener of [...this.#listeners]) listener(change);
  }
}
