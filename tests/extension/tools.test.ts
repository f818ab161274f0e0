/** The tools for agents of the editor: none where the editor knows none, and no consent that the user did not give. */
import { beforeEach, expect, test, vi } from "vitest";
import type { Daemon } from "../../extension/src/client";
import { registerTools } from "../../extension/src/tools";

interface Registered {
  prepareInvocation(options: { input: object }): Promise<{ confirmationMessages: { title: string } } | undefined>;
  invoke(options: { input: object }): Promise<{ content: { value: string }[] }>;
}

const editor = vi.hoisted(() => ({
  lm: undefined as undefined | { registerTool?: (name: string, tool: unknown) => object },
  Disposable: { from: (...parts: object[]) => ({ parts }) },
  MarkdownString: class {
    value = "";
    appendText(text: string) {
      this.value += text;
      return this;
    }
  },
  LanguageModelToolResult: class {
    constructor(readonly content: object[]) {}
  },
  LanguageModelTextPart: class {
    constructor(readonly value: string) {}
  },
  window: { activeTextEditor: undefined },
  workspace: { workspaceFolders: [{ uri: { scheme: "file", fsPath: "/parcel" } }] },
}));
vi.mock("vscode", () => editor);

const manifest = [{ name: "contextune_quote", displayName: "Contextune: Quote Work" }];
const asked: unknown[][] = [];
let question: string | Error;

const daemon = {
  request: async (method: string, params: unknown) => {
    asked.push([method, params]);
    if (method.endsWith("call")) return { text: "done", failed: false };
    if (question instanceof Error) throw question;
    return { question };
  },
} as unknown as Daemon;

function registered(): Registered {
  const tools: [string, unknown][] = [];
  editor.lm = { registerTool: (...one) => ({ count: tools.push(one) }) };
  registerTools(daemon, manifest);
  const [[name, tool] = ["", undefined]] = tools;
  expect(name).toBe("contextune_quote");
  return tool as Registered;
}

beforeEach(() => {
  asked.length = 0;
  question = "Make a quote?";
});

test("an editor without tools gets none, and nothing breaks", () => {
  for (const lm of [undefined, {}]) {
    editor.lm = lm;
    expect(registerTools(daemon, manifest)).toEqual({ parts: [] });
  }
});

test("a question that was shown makes the next call of the same input confirmed, once", async () => {
  const tool = registered();
  const prepared = await tool.prepareInvocation({ input: { all: true } });
  expect(prepared?.confirmationMessages).toMatchObject({
    title: "Contextune: Quote Work",
    message: { value: "Make a quote?" },
  });
  const { content } = await tool.invoke({ input: { all: true } });
  expect(content.map(({ value }) => value)).toEqual(["done"]);
  await tool.invoke({ input: { all: true } });
  const call = { name: "quote", input: { all: true }, folder: "/parcel" };
  expect(asked).toEqual([
    ["contextune/tool/prepare", call],
    ["contextune/tool/call", { ...call, confirmed: true }],
    ["contextune/tool/call", { ...call, confirmed: false }],
  ]);
});

test.each(["", new Error("refused")])("without a question there is no consent: %s", async (answer) => {
  const tool = registered();
  await tool.prepareInvocation({ input: { all: true } }); // and the user declines: no call follows
  question = answer;
  expect(await tool.prepareInvocation({ input: { all: true } })).toBeUndefined();
  await tool.invoke({ input: { all: true } });
  expect(asked.at(-1)?.[1]).toMatchObject({ confirmed: false });
});
