/** Answers to plain words: asks the daemon, and keeps what it said for the pages that show it. */
import * as vscode from "vscode";
import { answerPage } from "./answerText";
import type { Daemon } from "./client";
import { type AskResult, Requests } from "./generated/protocol";
import type { Log } from "./log";
import { Pages } from "./pages";

const KEPT = 20;

/** Asks, and shows answers as pages. */
export class Answers implements vscode.Disposable {
  readonly #daemon: Daemon;
  readonly #pages: Pages;
  readonly #kept = new Map<string, AskResult>();
  #count = 0;

  constructor(daemon: Daemon, log: Log) {
    this.#daemon = daemon;
    this.#pages = new Pages(
      "contextune-answer",
      async (query) => {
        const answer = this.#kept.get(query.get("id") ?? "");
        return answer ? answerPage(answer) : vscode.l10n.t("This answer is no longer kept. Ask again.");
      },
      log,
    );
  }

  /** What words stand for; `chosen` are the arguments of a choice that an earlier answer offered. */
  ask(text: string, folder: string | undefined, chosen: readonly string[] = []): Promise<AskResult> {
    return this.#daemon.request(Requests.wordsAsk, { text, folder: folder ?? null, arguments: [...chosen] });
  }

  /** Opens an answer as a page. */
  async show(answer: AskResult): Promise<void> {
    this.#count += 1;
    const id = String(this.#count);
    this.#kept.set(id, answer);
    for (const old of [...this.#kept.keys()].slice(0, -KEPT)) this.#kept.delete(old);
    await this.#pages.open(vscode.l10n.t("Contextune Answer"), { id });
  }

  dispose(): void {
    this.#pages.dispose();
  }
}
