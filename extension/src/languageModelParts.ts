/** Requests and replies of VS Code's language models, from and into the wire's. */
import * as vscode from "vscode";
import type { EditorFailure, EditorModel, EditorReply, EditorRequest, Message } from "./generated/protocol";

type Block = Message["blocks"][number];

/** Characters of one reply, beyond which it is broken off: a provider may be anybody's. */
export const MOST_CHARACTERS = 2_000_000;

/** A model as the daemon is told of it. */
export function plain({ vendor, id, family, name }: vscode.LanguageModelChat): EditorModel {
  return { vendor, id, family, name };
}

/** The messages as VS Code takes them. */
export function messagesOf({ messages }: EditorRequest): vscode.LanguageModelChatMessage[] {
  return messages.map(({ role, blocks }) => {
    if (role === "assistant") {
      const said = blocks.flatMap((block) => textPart(block) ?? callPart(block) ?? []);
      return vscode.LanguageModelChatMessage.Assistant(said);
    }
    return vscode.LanguageModelChatMessage.User(blocks.flatMap((block) => textPart(block) ?? resultPart(block) ?? []));
  });
}

function textPart(block: Block) {
  return block.kind === "text" ? new vscode.LanguageModelTextPart(block.text) : undefined;
}

function callPart(block: Block) {
  return block.kind === "tool_use"
    ? new vscode.LanguageModelToolCallPart(block.id, block.name, block.input)
    : undefined;
}

function resultPart(block: Block) {
  if (block.kind !== "tool_result") return undefined;
  return new vscode.LanguageModelToolResultPart(block.toolUseId, [new vscode.LanguageModelTextPart(block.content)]);
}

/** All words of a prompt as one text, to count its tokens by. */
export function joined({ messages, tools }: EditorRequest): string {
  const words = messages.flatMap(({ blocks }) =>
    blocks.map((block) => {
      if (block.kind === "text") return block.text;
      if (block.kind === "tool_use") return `${block.name} ${JSON.stringify(block.input)}`;
      return block.kind === "tool_result" ? block.content : "";
    }),
  );
  return [...words, ...tools.map((tool) => JSON.stringify(tool))].join("\n");
}

/** A reply as its parts come in. */
export class ReplyParts {
  readonly #blocks: EditorReply["blocks"] = [];
  #characters = 0;

  /** Whether a part has come. */
  get begun(): boolean {
    return this.#blocks.length > 0;
  }

  /** Adds one part; what is neither words nor a call is left out. Returns false if the reply is too long now. */
  take(part: unknown): boolean {
    if (part instanceof vscode.LanguageModelTextPart) {
      const last = this.#blocks.at(-1);
      if (last?.kind === "text") last.text += part.value;
      else this.#blocks.push({ kind: "text", text: part.value, cache: false });
      this.#characters += part.value.length;
    } else if (part instanceof vscode.LanguageModelToolCallPart) {
      const { callId, name, input } = part;
      this.#blocks.push({ kind: "tool_use", id: callId, name, input });
      this.#characters += JSON.stringify(input ?? {}).length;
    }
    return this.#characters <= MOST_CHARACTERS;
  }

  /** The parts, neighbouring words joined. */
  blocks(): EditorReply["blocks"] {
    return this.#blocks;
  }

  /** All of it as one text, to count its tokens by. */
  text(): string {
    return this.#blocks
      .map((block) => (block.kind === "text" ? block.text : `${block.name} ${JSON.stringify(block.input)}`))
      .join("\n");
  }
}

/** Why there is no reply, from what VS Code or the provider threw. */
export function failureOf(error: unknown, begun: boolean, cancelled: boolean): EditorFailure {
  const text = wordsOf(error);
  const fail = (trouble: EditorFailure["trouble"]): EditorFailure => ({ kind: "failure", trouble, text, begun });
  if (cancelled || error instanceof vscode.CancellationError) return fail("cancelled");
  const code = error instanceof vscode.LanguageModelError ? error.code : "";
  if (code === vscode.LanguageModelError.NoPermissions.name) return fail("permission");
  if (code === vscode.LanguageModelError.NotFound.name) return fail("missing");
  // Providers say that there are too many requests in words of their own, as Copilot does.
  if (/rate.?limit|too many requests|\b429\b/i.test(text)) return fail("limited");
  if (code === vscode.LanguageModelError.Blocked.name) return fail("blocked");
  if (/off.?topic|content.?filter|responsible ?ai|filtered/i.test(`${code} ${text}`)) return fail("filtered");
  return fail("other");
}

function wordsOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : "";
  const words = error instanceof Error ? error.message : String(error);
  return (cause === "" || words.includes(cause) ? words : `${words} ${cause}`).slice(0, 2_000);
}
