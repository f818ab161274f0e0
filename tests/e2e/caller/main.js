/** Asks for a line such as `contextune_todos {"path": ""}`, calls that tool, and shows what it answers as a document. */
const vscode = require("vscode");

async function call() {
  const line = await vscode.window.showInputBox({ ignoreFocusOut: true });
  if (line === undefined) return;
  const [name, ...rest] = line.split(" ");
  const names = vscode.lm.tools.map((tool) => tool.name).filter((known) => known.startsWith("contextune_"));
  let content = names.join("\n");
  try {
    if (rest.length > 0) {
      const options = { input: JSON.parse(rest.join(" ")), toolInvocationToken: undefined };
      const result = await vscode.lm.invokeTool(name, options);
      content = result.content.map((part) => part.value).join("\n");
    }
  } catch (error) {
    content = `Failed: ${error.message}`;
  }
  await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ content }));
}

exports.activate = ({ subscriptions }) => subscriptions.push(vscode.commands.registerCommand("caller.call", call));
