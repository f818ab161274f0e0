/** The words of every language: moved out of the manifest, and held complete. */
import { expect, test } from "vitest";
import { daemonWords, translationFaults, unreadableCalls } from "../../extension/scripts/l10n.mjs";
import { manifestFaults, withWords, wordsApart } from "../../extension/scripts/manifestWords.mjs";

const manifest = {
  name: "contextune",
  displayName: "Contextune",
  contributes: {
    commands: [{ command: "contextune.ask", title: "Ask…", category: "Contextune" }],
    views: { contextune: [{ id: "contextune.todos", name: "Todos" }] },
    viewsWelcome: [{ view: "contextune.todos", contents: "Open a folder.\n[Open](command:vscode.openFolder)" }],
    configuration: {
      title: "Contextune",
      properties: {
        "contextune.accept": {
          default: "none",
          enum: ["none", "pr"],
          enumDescriptions: ["You accept it.", "As a PR."],
        },
      },
    },
    languageModelTools: [{ name: "contextune_todos", displayName: "List", modelDescription: "Lists Todos." }],
    menus: { commandPalette: [{ command: "contextune.ask", title: "no text of ours" }] },
  },
};

test("what people read moves out of the manifest under names that tell where it stands", () => {
  const { manifest: apart, english } = wordsApart(manifest, {});
  expect(english).toEqual({
    "commands.ask.title": "Ask…",
    "views.contextune.todos.name": "Todos",
    "viewsWelcome.todos.openAFolderOpen.contents": "Open a folder.\n[Open](command:vscode.openFolder)",
    "configuration.accept.enumDescriptions.none": "You accept it.",
    "configuration.accept.enumDescriptions.pr": "As a PR.",
    "languageModelTools.contextune_todos.displayName": "List",
  });
  expect(withWords(apart, english)).toEqual(manifest);
  expect(JSON.stringify(apart)).toContain('"modelDescription":"Lists Todos."');
  expect(JSON.stringify(apart)).toContain('"category":"Contextune"');
});

test("moved words stay as they are, new ones join them, and those that nothing names go", () => {
  const { manifest: once, english } = wordsApart(manifest, {});
  expect(wordsApart(once, { ...english, "commands.gone.title": "Gone" })).toEqual({ manifest: once, english });
  const command = { command: "contextune.ask", title: "Ask Again", category: "Contextune" };
  const commands = [command, ...once.contributes.commands];
  const more = wordsApart({ ...once, contributes: { ...once.contributes, commands } }, english);
  expect(more.english).toEqual({ "commands.ask.title.2": "Ask Again", ...english });
  expect(more.manifest.contributes.commands[0]?.title).toBe("%commands.ask.title.2%");
});

test("words that stand in the manifest, and keys without words, are named", () => {
  const { manifest: apart, english } = wordsApart(manifest, {});
  expect(manifestFaults(apart, english)).toEqual([]);
  const { "commands.ask.title": _, ...rest } = english;
  expect(manifestFaults(apart, rest)).toEqual(["package.nls.json lacks commands.ask.title, which package.json names"]);
  expect(manifestFaults({ contributes: { commands: [{ command: "contextune.ask", title: "Ask…" }] } }, {})).toEqual([
    'package.json holds the words of commands.ask.title itself: "Ask…"',
  ]);
});

test.each([
  ["nothing", { "{0} of {1}": "{0} von {1}" }, []],
  ["a missing key", {}, ['de.json lacks these; add them, translated:\n  "{0} of {1}": "",']],
  ["an empty text", { "{0} of {1}": "" }, ['de.json lacks these; add them, translated:\n  "{0} of {1}": "",']],
  ["a dropped placeholder", { "{0} of {1}": "{0} davon" }, ["de.json: {0} of {1} drops {1}"]],
  [
    "an invented placeholder",
    { "{0} of {1}": "{0} von {1} bis {2}" },
    ["de.json: {0} of {1} holds {2}, which the English does not"],
  ],
  ["a stale key", { "{0} of {1}": "{0} von {1}", Gone: "Weg" }, ["de.json: nothing says Gone any more"]],
] as const)("a translation is at fault for %s", (_, translated, faults) => {
  expect(translationFaults("de.json", { "{0} of {1}": "{0} of {1}" }, translated, false)).toEqual(faults);
});

test("a translation by name is at fault when its English has changed, and where links or code differ", () => {
  const english = { "a.contents": "See `HEAD`.\n[Open](command:vscode.openFolder)" };
  const faults = (message: string, comment = english["a.contents"]) =>
    translationFaults("nls.de.json", english, { "a.contents": { message, comment } }, true);
  expect(faults("Siehe `HEAD`.\n[Öffnen](command:vscode.openFolder)")).toEqual([]);
  expect(faults("Siehe `HEAD`.\n[Öffnen](command:vscode.openFolder)", "See.")).toEqual([
    `nls.de.json: the English of a.contents is now "${english["a.contents"]}"; translate that, and set its "comment" to it`,
  ]);
  expect(faults("Siehe.\n[Öffnen](command:vscode.open)")).toEqual([
    "nls.de.json: a.contents drops ](command:vscode.openFolder), `HEAD`",
    "nls.de.json: a.contents holds ](command:vscode.open), which the English does not",
  ]);
  expect(translationFaults("nls.de.json", english, {}, true)).toEqual([
    `nls.de.json lacks these; add them, translated:\n  "a.contents": ${JSON.stringify({ message: "", comment: english["a.contents"] })},`,
  ]);
});

test("words that are no literal are named, for nobody could translate them", () => {
  const contents = 'l10n.t("fine");\nvscode.l10n.t(\n  "fine too",\n  n,\n);\nl10n.t(count === 1 ? "one" : "many");';
  expect(unreadableCalls({ name: "a.ts", contents })).toEqual([
    'a.ts: t(count === 1 ? "one" : "many");…: the words must be a literal',
  ]);
});

test("the daemon's words are gathered from its calls, side by side literals as one", () => {
  const contents = `
    say(t("Undo “{title}”", title=run.title))
    said = counted(count, mark("1 task"), mark("{count} tasks"))
    "failed": StateWords("It ended.", "Look, then retry."),
    long = t(
        "Accepted “{title}” "
        "on {branch}.",
        title="no text",
    )
    said = f"- {t('It asks: {question}', question=asked)}"
    print("quiet"); want("no"); self.t("no")`;
  expect(Object.keys(daemonWords([{ name: "a.py", contents }]))).toEqual([
    "1 task",
    "Accepted “{title}” on {branch}.",
    "It asks: {question}",
    "It ended.",
    "Look, then retry.",
    "Undo “{title}”",
    "{count} tasks",
  ]);
  const unreadable = 'def t(text: str) -> str:\n    return t(text)\nt("fine")\nt(f"{n} tasks")';
  expect(unreadableCalls({ name: "a.py", contents: unreadable })).toEqual([
    "a.py: t(text)…: the words must be a literal",
    'a.py: t(f"{n} tasks")…: the words must be a literal',
  ]);
});
