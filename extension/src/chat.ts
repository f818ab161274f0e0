/** `@contextune` in the chat: the same answers, with buttons. */
import * as vscode from "vscode";
import type { Answers } from "./answers";
import { streamAnswer } from "./answerText";
import { currentFolder } from "./folders";

/** Registers the participant, where the editor has a chat. */
export function registerParticipant(answers: Answers): vscode.Disposable {
  // Editors that are built from VS Code's sources may come without it.
  if (typeof vscode.chat?.createChatParticipant !== "function") return new vscode.Disposable(() => undefined);
  const participant = vscode.chat.createChatParticipant("contextune.chat", async (request, _context, stream) => {
    const folder = currentFolder();
    if (folder === undefined) {
      stream.markdown(vscode.l10n.t("Open a folder first."));
      return;
    }
    const text = request.prompt.trim() === "" ? "help" : request.prompt;
    try {
      streamAnswer(await answers.ask(text, folder), text, stream);
    } catch (error) {
      stream.markdown(error instanceof Error ? error.message : String(error));
    }
  });
  participant.iconPath = new vscode.ThemeIcon("comment-discussion");
  return participant;
}
