/** The page of an answer to plain words. */
import { expect, test } from "vitest";
import { answerPage, readByText, streamAnswer } from "../../extension/src/answerText";
import type { AskResult } from "../../extension/src/generated/protocol";

const ANSWER: AskResult = {
  title: "do [all](x) todos",
  markdown: "**6 Todos** make 6 Tasks.",
  by: "rules",
  command: "contextune run --all",
  actions: [
    {
      title: "Do all Todos | after the Quote",
      command: "contextune run --all",
      effect: "spends",
      editorCommand: "contextune.parallelizeWorkspace",
      argumentsJson: "[]",
    },
  ],
  choices: [],
  paidText: "",
};

test("it has the answer, what can be done, and who read the words", () => {
  expect(answerPage(ANSWER)).toBe(
    [
      "# do \\[all\\]\\(x\\) todos",
      "",
      "**6 Todos** make 6 Tasks.",
      "",
      "### What you can do",
      "",
      "- Do all Todos \\| after the Quote: contextune run \\-\\-all",
      "",
      "*Read by rules, for nothing.*",
      "",
    ].join("\n"),
  );
});

test("what reading cost is told, and nothing where nobody read", () => {
  expect(readByText({ ...ANSWER, by: "model", paidText: "$0.0011" })).toBe("Read by intent-recognition, for $0.0011.");
  expect(readByText({ ...ANSWER, by: "nobody" })).toBe("");
  expect(readByText({ ...ANSWER, by: "nobody", paidText: "$0.0011" })).toBe(
    "intent-recognition was asked, for $0.0011.",
  );
});

test("in the chat, commands and choices are buttons", () => {
  const said: unknown[] = [];
  const stream = { markdown: (text: string) => said.push(text), button: (command: unknown) => said.push(command) };
  const choice = { title: "List the Todos", command: "contextune todos", arguments: ["todos"] };
  streamAnswer({ ...ANSWER, choices: [choice] }, "all of it", stream);
  expect(said).toEqual([
    "**6 Todos** make 6 Tasks.",
    { title: "Do all Todos | after the Quote", command: "contextune.parallelizeWorkspace", arguments: [] },
    { title: "List the Todos", command: "contextune.ask", arguments: ["all of it", ["todos"]] },
    "\n\n*Read by rules, for nothing.*",
  ]);
});
