/** Asks for what is known of Todos beyond their comments, a moment after they changed. */
import type { Disposable } from "vscode";
import type { Daemon } from "./client";
import { Requests } from "./generated/protocol";
import type { Log } from "./log";
import type { Store } from "./store";

/** While somebody types, Todos change with every keystroke. */
const QUIET_MS = 1500;

/** Keeps the facts of every folder as new as its Todos. */
export function followTodoFacts(daemon: Daemon, store: Store, log: Log): Disposable {
  const pending = new Map<string, NodeJS.Timeout>();
  const ask = async (folder: string): Promise<void> => {
    pending.delete(folder);
    if (daemon.state !== "ready") return;
    try {
      store.setFacts(await daemon.request(Requests.todoFacts, { folder }));
    } catch (error) {
      log.info(`Facts of the Todos of ${folder}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const isKnown = (folder: string): boolean => {
    const [todo] = store.todos(folder);
    return todo !== undefined && store.fact({ folder, todo }) !== undefined;
  };
  const soon = (folder: string): void => {
    clearTimeout(pending.get(folder));
    pending.set(
      folder,
      setTimeout(() => void ask(folder), isKnown(folder) ? QUIET_MS : 0),
    );
  };
  const unsubscribe = store.onChange((change) => {
    if (change.kind === "todos" && store.todos(change.folder).length > 0) soon(change.folder);
    // What Tasks came to tells what the next ones will cost.
    if (change.kind === "run" && change.before !== undefined && change.run.endedAt !== change.before.endedAt) {
      for (const folder of store.folders()) soon(folder);
    }
  });
  return {
    dispose() {
      unsubscribe();
      for (const timer of pending.values()) clearTimeout(timer);
    },
  };
}
