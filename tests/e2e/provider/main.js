/** Offers models that play the script of a Messages server, whose address the environment names. */
const vscode = require("vscode");

const url = process.env.CONTEXTUNE_TEST_MESSAGES;
const ids = { haiku: "claude-haiku-5-5", sonnet: "claude-sonnet-5-5", opus: "claude-opus-5-5" };

const models = Object.keys(ids).map((tier) => ({
  id: `claude-${tier}-5.5`,
  family: `claude-${tier}-5.5`,
  name: `Scripted ${tier}`,
  version: "1",
  maxInputTokens: 200_000,
  maxOutputTokens: 16_000,
  capabilities: { toolCalling: true },
}));

function textOf(parts) {
  return parts.map((part) => part.value ?? "").join("");
}

function blockOf(part) {
  if (part instanceof vscode.LanguageModelTextPart) return { type: "text", text: part.value };
  if (part instanceof vscode.LanguageModelToolCallPart)
    return { type: "tool_use", id: part.callId, name: part.name, input: part.input };
  return { type: "tool_result", tool_use_id: part.callId, content: textOf(part.content) };
}

function bodyOf(model, [system, ...messages], { tools = [] }) {
  return {
    model: Object.entries(ids).find(([tier]) => model.id.includes(tier))[1],
    max_tokens: 8_192,
    system: textOf(system.content),
    tools: tools.map(({ name, description, inputSchema }) => ({ name, description, input_schema: inputSchema })),
    messages: messages.map(({ role, content }) => ({
      role: role === vscode.LanguageModelChatMessageRole.Assistant ? "assistant" : "user",
      content: [...content].map(blockOf),
    })),
  };
}

async function respond(model, messages, options, progress, token) {
  const stop = new AbortController();
  token.onCancellationRequested(() => stop.abort());
  const response = await fetch(`${url}/v1/messages`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-api-key": "sk-test", "anthropic-version": "2023-06-01" },
    body: JSON.stringify(bodyOf(model, messages, options)),
    signal: stop.signal,
  });
  const reply = await response.json();
  if (!response.ok) throw new Error(reply.error.message);
  for (const block of reply.content) {
    if (block.type === "text") progress.report(new vscode.LanguageModelTextPart(block.text));
    if (block.type === "tool_use")
      progress.report(new vscode.LanguageModelToolCallPart(block.id, block.name, block.input));
  }
}

exports.activate = ({ subscriptions }) =>
  subscriptions.push(
    vscode.lm.registerLanguageModelChatProvider("scripted", {
      provideLanguageModelChatInformation: () => models,
      provideLanguageModelChatResponse: respond,
      provideTokenCount: (_model, text) => Math.ceil((typeof text === "string" ? text.length : 0) / 4),
    }),
  );
