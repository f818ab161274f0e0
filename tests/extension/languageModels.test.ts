/** VS Code's own models: nothing leaves without consent, replies are whole, and troubles are told apart. */
import { beforeEach, expect, test, vi } from "vitest";
import { type EditorRequest, ReverseRequests } from "../../extension/src/generated/protocol";
import { MOST_CHARACTERS } from "../../extension/src/languageModelParts";
import { LanguageModels } from "../../extension/src/languageModels";

const editor = vi.hoisted(() => {
  class TextPart {
    constructor(readonly value: string) {}
  }
  class CallPart {
    constructor(
      readonly callId: string,
      readonly name: string,
      readonly input: unknown,
    ) {}
  }
  class ResultPart {
    constructor(
      readonly callId: string,
      readonly content: unknown[],
    ) {}
  }
  class LanguageModelError extends Error {
    static NoPermissions(message: string) {
      return new LanguageModelError(message, "NoPermissions");
    }
    static Blocked(message: string) {
      return new LanguageModelError(message, "Blocked");
    }
    static NotFound(message: string) {
      return new LanguageModelError(message, "NotFound");
    }
    constructor(
      message: string,
      readonly code: string,
    ) {
      super(message);
    }
  }
  return {
    models: [] as unknown[],
    questions: [] as string[],
    answer: async (): Promise<string | undefined> => "Allow",
    TextPart,
    CallPart,
    ResultPart,
    LanguageModelError,
  };
});

vi.mock("vscode", async () => ({
  ...(await vi.importActual<object>("./vscode")),
  lm: { selectChatModels: async () => editor.models },
  window: {
    showWarningMessage: (question: string) => {
      editor.questions.push(question);
      return editor.answer();
    },
  },
  CancellationError: class extends Error {},
  LanguageModelError: editor.LanguageModelError,
  LanguageModelTextPart: editor.TextPart,
  LanguageModelToolCallPart: editor.CallPart,
  LanguageModelToolResultPart: editor.ResultPart,
  LanguageModelChatMessage: {
    User: (content: unknown) => ({ role: 1, content }),
    Assistant: (content: unknown) => ({ role: 2, content }),
  },
}));

const { TextPart, CallPart, ResultPart, LanguageModelError } = editor;

const request: EditorRequest = {
  vendor: "copilot",
  id: "haiku",
  tools: [{ name: "read", description: "Reads.", schema: { type: "object" } }],
  messages: [
    { role: "user", blocks: [{ kind: "text", text: "Do it.", cache: false }] },
    { role: "assistant", blocks: [{ kind: "tool_use", id: "c1", name: "read", input: { path: "a" } }] },
    { role: "user", blocks: [{ kind: "tool_result", toolUseId: "c1", content: "text", isError: false }] },
  ],
};

const running = { isCancellationRequested: false, onCancellationRequested: () => ({ dispose: () => {} }) } as never;

/** A model that answers with these parts, then throws if it is given what. */
function model(parts: readonly unknown[], thrown?: unknown) {
  return {
    ...{ vendor: "copilot", id: "haiku", family: "haiku", name: "Haiku" },
    sendRequest: vi.fn(async () => ({
      stream: (async function* () {
        yield* parts;
        if (thrown !== undefined) throw thrown;
      })(),
    })),
    countTokens: vi.fn(async (text: string) => text.length),
  };
}

let kept: Map<string, unknown>;
let models: LanguageModels;

beforeEach(() => {
  kept = new Map();
  editor.questions = [];
  editor.answer = async () => "Allow";
  models = new LanguageModels({
    get: (key: string, fallback: unknown) => kept.get(key) ?? fallback,
    update: async (key: string, value: unknown) => {
      kept.set(key, value);
    },
    keys: () => [...kept.keys()],
  } as never);
});

async function send(token: never = running) {
  return (await models.answers[ReverseRequests.modelSend]({ request }, token)).outcome;
}

test("nothing is sent where the user says no, and waiting agents do not ask again", async () => {
  const one = model([new TextPart("Hello.")]);
  editor.models = [one];
  editor.answer = async () => undefined;
  expect(await send()).toMatchObject({ kind: "failure", trouble: "consent", begun: false });
  expect(await send()).toMatchObject({ trouble: "consent" });
  expect(editor.questions).toHaveLength(1);
  expect(one.sendRequest).not.toHaveBeenCalled();
  expect(kept.size).toBe(0);
});

test("a refusal can be taken back by the command", async () => {
  const one = model([]);
  editor.models = [one];
  editor.answer = async () => undefined;
  await send();
  editor.answer = async () => "Allow";
  expect(await models.allow(one as never)).toBe(true);
  expect(await send()).toMatchObject({ kind: "reply" });
});

test("agents that ask at the same time are one question, and the consent is for that provider alone", async () => {
  const one = model([new TextPart("Hello.")]);
  editor.models = [one];
  const outcomes = await Promise.all([send(), send(), send()]);
  expect(outcomes.map(({ kind }) => kind)).toEqual(["reply", "reply", "reply"]);
  expect(editor.questions).toEqual(["Let Contextune send text of your repositories to the provider “copilot”?"]);
  editor.models = [{ ...one, vendor: "other" }];
  await models.answers[ReverseRequests.modelSend]({ request: { ...request, vendor: "other" } }, running);
  expect(editor.questions).toHaveLength(2);
});

test("what was allowed can be forgotten", async () => {
  editor.models = [model([])];
  await send();
  await models.forget();
  await send();
  expect(editor.questions).toHaveLength(2);
});

test("messages and tools go out as VS Code has them, and a reply comes back whole", async () => {
  const one = model([
    new TextPart("I "),
    new TextPart("look."),
    { odd: true },
    new CallPart("c2", "read", { path: "b" }),
  ]);
  editor.models = [one];
  expect(await send()).toEqual({
    kind: "reply",
    blocks: [
      { kind: "text", text: "I look.", cache: false },
      { kind: "tool_use", id: "c2", name: "read", input: { path: "b" } },
    ],
    inputTokens: expect.any(Number),
    outputTokens: 'I look.\nread {"path":"b"}'.length,
  });
  const [messages, options] = one.sendRequest.mock.calls[0] as unknown as [unknown, { tools: unknown }];
  expect(messages).toEqual([
    { role: 1, content: [new TextPart("Do it.")] },
    { role: 2, content: [new CallPart("c1", "read", { path: "a" })] },
    { role: 1, content: [new ResultPart("c1", [new TextPart("text")])] },
  ]);
  expect(options.tools).toEqual([{ name: "read", description: "Reads.", inputSchema: { type: "object" } }]);
});

test("a count that fails or makes no sense is none, and the reply is kept", async () => {
  const one = model([new TextPart("Hello.")]);
  editor.models = [one];
  one.countTokens.mockRejectedValueOnce(new Error("no tokenizer")).mockResolvedValueOnce(Number.NaN);
  expect(await send()).toMatchObject({ kind: "reply", inputTokens: 0, outputTokens: 0 });
});

test("a reply without end is broken off", async () => {
  const piece = "x".repeat(MOST_CHARACTERS / 4);
  editor.models = [model(Array.from({ length: 100 }, () => new TextPart(piece)))];
  expect(await send()).toMatchObject({ kind: "failure", trouble: "too_long", begun: true });
});

test("one that is cancelled is said to be", async () => {
  const one = model([new TextPart("Hello.")]);
  editor.models = [one];
  expect(await send({ ...(running as object), isCancellationRequested: true } as never)).toMatchObject({
    trouble: "cancelled",
    begun: false,
  });
  expect(one.sendRequest).not.toHaveBeenCalled();
});

test("a model that is gone is said to be", async () => {
  editor.models = [];
  expect(await send()).toMatchObject({ trouble: "missing" });
  expect(editor.questions).toEqual([]);
});

test.each([
  [LanguageModelError.NoPermissions("not allowed"), "permission"],
  [LanguageModelError.NotFound("gone"), "missing"],
  [LanguageModelError.Blocked("quota exceeded"), "blocked"],
  [LanguageModelError.Blocked("Rate limit exceeded, try later"), "limited"],
  [new Error("Request failed", { cause: new Error("429 Too Many Requests") }), "limited"],
  [new Error("Response got filtered."), "filtered"],
  [new LanguageModelError("no", "off_topic"), "filtered"],
  [new Error("socket hang up"), "other"],
  ["a text", "other"],
])("%s is %s", async (thrown, trouble) => {
  editor.models = [model([], thrown)];
  expect(await send()).toMatchObject({ kind: "failure", trouble, begun: false });
});

test("one that broke off midway says that it had begun", async () => {
  editor.models = [model([new TextPart("Hel")], new Error("socket hang up"))];
  expect(await send()).toMatchObject({ trouble: "other", begun: true });
});

test("the daemon is told what is offered, and nothing else of it", async () => {
  editor.models = [{ ...model([]), maxInputTokens: 7 }];
  expect(await models.answers[ReverseRequests.modelList](null, running)).toEqual({
    models: [{ vendor: "copilot", id: "haiku", family: "haiku", name: "Haiku" }],
  });
});
