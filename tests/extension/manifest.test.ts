/** The manifest: every command has a function, every menu a command, every icon and key a meaning. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { withWords } from "../../extension/scripts/manifestWords.mjs";

const english = JSON.parse(readFileSync("package.nls.json", "utf8"));
const manifest = withWords(JSON.parse(readFileSync("package.json", "utf8")), english);
const { commands, menus, views, viewsWelcome, configuration } = manifest.contributes;
const ids: string[] = commands.map(({ command }: { command: string }) => command);
const table = readFileSync("extension/src/commands.ts", "utf8");

const contract = [
  ...["delegateTodo", "parallelizeFile", "parallelizeSelection", "parallelizeWorkspace", "runGoal"],
  ...["reviewRun", "acceptRun", "undoRun", "discardRun", "pauseRun", "cancelRun", "retryTask", "tellAgent"],
  ...["answerQuestion", "cleanWorktrees", "openWorktree", "openTranscript", "openDashboard", "setApiKey"],
  ...["doctor", "debugBundle", "restartDaemon", "showLog", "ask"],
].map((name) => `contextune.${name}`);

test("every command of the contract is there, with title, category and icon", () => {
  expect(ids).toEqual(expect.arrayContaining(contract));
  for (const command of commands) {
    expect(command).toEqual({
      command: expect.stringMatching(/^contextune\.\w+$/),
      title: expect.stringMatching(/^[A-Z]/),
      category: "Contextune",
      icon: expect.stringMatching(/^\$\([\w-]+\)$/),
    });
  }
});

test("the command table and the manifest name the same commands", () => {
  const implemented = [...table.matchAll(/^ {2}"(contextune\.\w+)":/gm)].map(([, id]) => id);
  expect([...implemented].sort()).toEqual([...ids].sort());
});

test("the chat participant is the one that is registered", () => {
  const [participant] = manifest.contributes.chatParticipants;
  expect(readFileSync("extension/src/chat.ts", "utf8")).toContain(`createChatParticipant("${participant.id}"`);
  expect(participant.name).toBe("contextune");
});

test("every menu entry names a command of ours", () => {
  const named = Object.values(menus as Record<string, { command: string }[]>).flatMap((entries) =>
    entries.map(({ command }) => command),
  );
  expect(named.filter((command) => !ids.includes(command))).toEqual([]);
});

test("links of the welcome texts run commands that exist", () => {
  const links = viewsWelcome.flatMap(({ contents }: { contents: string }) =>
    [...contents.matchAll(/\(command:(contextune\.\w+)/g)].map(([, id]) => id),
  );
  expect(links.length).toBeGreaterThan(0);
  expect(links.filter((id: string) => !ids.includes(id))).toEqual([]);
});

test("the views of the contract are there, each with words for when it is empty", () => {
  const names = views.contextune.map(({ id }: { id: string }) => id);
  // The Quote view is there only while there is something in it.
  expect(names.shift()).toBe("contextune.quote");
  expect(names).toEqual(["contextune.todos", "contextune.runs", "contextune.costs"]);
  const welcomed = new Set(viewsWelcome.map(({ view }: { view: string }) => view));
  expect([...welcomed].sort()).toEqual([...names].sort());
});

test("every setting has a type, a default, a scope and a sentence; no key is a setting", () => {
  for (const [key, setting] of Object.entries(configuration.properties)) {
    expect({ key, ...(setting as object) }).toMatchObject({
      type: expect.anything(),
      default: expect.toSatisfy((value: unknown) => value !== undefined),
      scope: expect.stringMatching(/^(resource|machine-overridable)$/),
      markdownDescription: expect.stringMatching(/\.$/),
    });
    expect(key).not.toMatch(/key|token|secret/i);
  }
});

test("settings that name commands or widen a budget are kept from untrusted workspaces", () => {
  const restricted: string[] = manifest.capabilities.untrustedWorkspaces.restrictedConfigurations;
  for (const key of ["gate", "setup", "run", "teardown", "budget", "accept", "python", "daemonPath"]) {
    expect(restricted).toContain(`contextune.${key}`);
  }
});
