/**
 * The tools for agents of the editor, such as Copilot's: the daemon has them, their permissions and their words.
 *
 * VS Code asks the user what `prepareInvocation` says before it calls `invoke`.
 */
import * as vscode from "vscode";
import type { Daemon } from "./client";
import { currentFolder } from "./folders";
import { Requests, type ToolParams } from "./generated/protocol";

/** What a model says to a tool; the daemon checks it. */
type Input = Record<string, unknown>;

/** A tool as the manifest has it. */
interface Entry {
  readonly name: string;
  readonly displayName: string;
}

/** What the manifest calls a tool, before the daemon's own name. */
const PREFIX = "contextune_";

/** Registers the tools of the manifest; none in an editor that knows no tools. */
export function registerTools(daemon: Daemon, tools: readonly Entry[]): vscode.Disposable {
  const lm: typeof vscode.lm | undefined = vscode.lm;
  if (lm?.registerTool === undefined) return vscode.Disposable.from();
  return vscode.Disposable.from(...tools.map((entry) => lm.registerTool(entry.name, new Tool(daemon, entry))));
}

class Tool implements vscode.LanguageModelTool<Input> {
  /** Inputs of calls whose question the user was shown: VS Code goes on to the call only if they agree. */
  readonly #asked = new Set<string>();

  constructor(
    private readonly daemon: Daemon,
    private readonly entry: Entry,
  ) {}

  async prepareInvocation({ input }: vscode.LanguageModelToolInvocationPrepareOptions<Input>) {
    this.#asked.delete(JSON.stringify(input));
    try {
      const { question } = await this.daemon.request(Requests.toolPrepare, this.#call(input));
      if (question === "") return undefined;
      this.#asked.add(JSON.stringify(input));
      // Words of the repository may stand in it: as Markdown they could pretend to be ours.
      const message = new vscode.MarkdownString().appendText(question);
      return { confirmationMessages: { title: this.entry.displayName, message } };
    } catch {
      return undefined; // it will be refused: the call itself tells the model why
    }
  }

  async invoke({ input }: vscode.LanguageModelToolInvocationOptions<Input>) {
    const confirmed = this.#asked.delete(JSON.stringify(input));
    const { text } = await this.daemon.request(Requests.toolCall, { ...this.#call(input), confirmed });
    return new vscode.LanguageModelToolResult([new vscode.LanguageModelTextPart(text)]);
  }

  #call(input: Input): ToolParams {
    return { name: this.entry.name.slice(PREFIX.length), input, folder: currentFolder() ?? null };
  }
}
