/**
 * VS Code's own language models, lent to the daemon: nothing is sent to one before the user has allowed its provider,
 * and VS Code asks by itself besides.
 */
import * as vscode from "vscode";
import type { Answers } from "./client";
import {
  type EditorFailure,
  type EditorRequest,
  ReverseRequests,
  type ReverseRequestTypes,
} from "./generated/protocol";
import { failureOf, joined, messagesOf, plain, ReplyParts } from "./languageModelParts";

type Outcome = ReverseRequestTypes[typeof ReverseRequests.modelSend]["result"]["outcome"];

const ALLOWED = "contextune.languageModels.allowed";

/** What the daemon asks about models, answered; and what the user allows. */
export class LanguageModels {
  readonly #memory: vscode.Memento;
  /** Questions that are open, by vendor: agents that ask at the same time wait for the same answer. */
  readonly #asking = new Map<string, Promise<boolean>>();
  /** Vendors that the user has refused in this window: nobody is asked twice by a waiting agent. */
  readonly #refused = new Set<string>();

  /** What the daemon may ask. */
  readonly answers: Answers = {
    [ReverseRequests.modelList]: async () => ({ models: (await available()).map(plain) }),
    [ReverseRequests.modelSend]: async ({ request }, token) => ({ outcome: await this.#send(request, token) }),
  };

  constructor(memory: vscode.Memento) {
    this.#memory = memory;
  }

  /** Asks whether text may be sent to a provider, whatever was said before. Returns the user's answer. */
  async allow(model: vscode.LanguageModelChat): Promise<boolean> {
    this.#refused.delete(model.vendor);
    return this.#allowed().includes(model.vendor) || (await this.#ask(model));
  }

  /** Forgets what the user has allowed. */
  async forget(): Promise<void> {
    this.#refused.clear();
    await this.#memory.update(ALLOWED, undefined);
  }

  async #send(request: EditorRequest, token: vscode.CancellationToken): Promise<Outcome> {
    const parts = new ReplyParts();
    try {
      const model = (await available()).find(({ vendor, id }) => vendor === request.vendor && id === request.id);
      if (model === undefined) return failed("missing", `${request.vendor}/${request.id} is gone.`);
      if (!(await this.#mayUse(model))) return failed("consent", "Not allowed.");
      if (token.isCancellationRequested) return failed("cancelled", "Cancelled.");
      const response = await model.sendRequest(messagesOf(request), optionsOf(request), token);
      for await (const part of response.stream) {
        if (token.isCancellationRequested) return failed("cancelled", "Cancelled.", true);
        if (!parts.take(part)) return failed("too_long", "Too long.", true);
      }
      return { kind: "reply", blocks: parts.blocks(), ...(await tokensOf(model, request, parts)) };
    } catch (error) {
      return failureOf(error, parts.begun, token.isCancellationRequested);
    }
  }

  async #mayUse(model: vscode.LanguageModelChat): Promise<boolean> {
    if (this.#allowed().includes(model.vendor)) return true;
    return !this.#refused.has(model.vendor) && (await this.#ask(model));
  }

  #ask(model: vscode.LanguageModelChat): Promise<boolean> {
    const open = this.#asking.get(model.vendor);
    if (open !== undefined) return open;
    const asking = this.#question(model).finally(() => this.#asking.delete(model.vendor));
    this.#asking.set(model.vendor, asking);
    return asking;
  }

  async #question({ vendor }: vscode.LanguageModelChat): Promise<boolean> {
    const allow = vscode.l10n.t("Allow");
    const detail = vscode.l10n.t(
      "Agents then send it, through VS Code and under your account there: the Todo or Goal, the files that they read, and what their commands print. Their requests count against your plan there. Contextune cannot see what they cost: it shows them as unpriced requests, and a Run sends at most as many as contextune.maxRequests says.",
    );
    const question = vscode.l10n.t("Let Contextune send text of your repositories to the provider “{0}”?", vendor);
    const chosen = await vscode.window.showWarningMessage(question, { modal: true, detail }, allow);
    if (chosen !== allow) {
      this.#refused.add(vendor);
      return false;
    }
    await this.#memory.update(ALLOWED, [...this.#allowed(), vendor]);
    return true;
  }

  #allowed(): readonly string[] {
    return this.#memory.get<readonly string[]>(ALLOWED, []);
  }
}

/** The models that VS Code offers; none in an editor that has no language models. */
export async function available(): Promise<readonly vscode.LanguageModelChat[]> {
  const lm: typeof vscode.lm | undefined = vscode.lm;
  return lm?.selectChatModels === undefined ? [] : await lm.selectChatModels();
}

function optionsOf({ tools }: EditorRequest): vscode.LanguageModelChatRequestOptions {
  return {
    justification: vscode.l10n.t("Contextune's agents work on Todos with it, because contextune.provider is vscode."),
    tools: tools.map(({ name, description, schema }) => ({ name, description, inputSchema: schema })),
  };
}

/** Tokens by the model's own count; 0 where it counts none, since a reply is not lost for that. */
async function tokensOf(model: vscode.LanguageModelChat, request: EditorRequest, parts: ReplyParts) {
  const count = async (text: string): Promise<number> => {
    try {
      const counted = await model.countTokens(text);
      return Number.isSafeInteger(counted) && counted > 0 ? counted : 0;
    } catch {
      return 0;
    }
  };
  const [inputTokens, outputTokens] = await Promise.all([count(joined(request)), count(parts.text())]);
  return { inputTokens, outputTokens };
}

function failed(trouble: EditorFailure["trouble"], text: string, begun = false): EditorFailure {
  return { kind: "failure", trouble, text, begun };
}
