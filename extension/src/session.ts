/** What a daemon is told and asked each time it is ready, and when the window changes. */
import * as vscode from "vscode";
import type { Daemon } from "./client";
import { folderName, localFolders } from "./folders";
import type { Forge } from "./forge";
import { Requests } from "./generated/protocol";
import type { Log } from "./log";
import { areNested } from "./nested";
import type { Secrets } from "./secrets";
import type { Store } from "./store";
import { sendTrust, tellTrust } from "./trust";

/** Keeps daemon and window of one mind. */
export class Session {
  readonly #problems = new Map<string, string>();
  readonly #problemsChanged = new vscode.EventEmitter<void>();

  /** Fires when a folder can't be read, or can again. */
  readonly onProblems = this.#problemsChanged.event;

  constructor(
    private readonly daemon: Daemon,
    private readonly store: Store,
    private readonly secrets: Secrets,
    private readonly forge: Forge,
    private readonly log: Log,
  ) {}

  /** Why Todos of folders are not known, a sentence each; undefined if all is well. */
  problem(): string | undefined {
    const several = localFolders().length > 1;
    const said = [...this.#problems].map(([folder, text]) =>
      several && folder !== "" ? `${folderName(folder)}: ${text}` : text,
    );
    return said.length === 0 ? undefined : said.join(" ");
  }

  /** Tells the daemon of trust and key, and asks for Todos and Runs. Throws what keeps the daemon from working. */
  async greet(): Promise<void> {
    try {
      await this.#introduce();
    } catch (error) {
      this.#problems.set("", error instanceof Error ? error.message : String(error));
      this.#problemsChanged.fire();
      throw error;
    }
  }

  async #introduce(): Promise<void> {
    await sendTrust(this.daemon);
    await this.secrets.handOver();
    await this.forge.handOver().catch((error) => this.log.info(`GitHub: ${error}`));
    await this.loadFolders();
    await tellTrust();
    for (const folder of localFolders()) await this.#loadRuns(folder);
  }

  /** Folders were opened or closed: what is known follows. A Run of a closed folder that is not over stays in view. */
  async changeFolders({ added, removed }: vscode.WorkspaceFoldersChangeEvent): Promise<void> {
    if (this.daemon.state !== "ready") {
      // Once it is ready, it is told of all folders.
      if (this.daemon.state === "stopped" && localFolders().length > 0) await this.daemon.start();
      return;
    }
    await sendTrust(this.daemon);
    const open = localFolders();
    for (const { uri } of removed) {
      this.store.dropRuns(
        (run) => areNested(run.repository, uri.fsPath) && !open.some((folder) => areNested(run.repository, folder)),
      );
    }
    await this.loadFolders();
    for (const { uri } of added) if (uri.scheme === "file") await this.#loadRuns(uri.fsPath);
  }

  /** A folder that is no repository has no Runs; that is no reason to disturb anybody. */
  async #loadRuns(folder: string): Promise<void> {
    try {
      const { runs } = await this.daemon.request(Requests.runList, { folder });
      for (const run of runs) this.store.setRun({ run });
    } catch (error) {
      this.log.info(`Runs of ${folder}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** Asks for the Todos of every open folder, and forgets those of closed ones. */
  async loadFolders(): Promise<void> {
    const known = new Set<string>();
    this.#problems.clear();
    for (const folder of localFolders()) {
      try {
        const result = await this.daemon.request(Requests.todoList, { folder });
        known.add(result.folder);
        this.store.setTodos(result);
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error);
        this.log.warn(`${folder}: ${text}`);
        this.#problems.set(folder, text);
      }
    }
    for (const folder of this.store.folders()) {
      if (!known.has(folder)) this.store.dropFolder(folder);
    }
    await vscode.commands.executeCommand("setContext", "contextune.todosKnown", true);
    this.#problemsChanged.fire();
  }
}
