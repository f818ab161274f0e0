/** The manifest: every command has a function, every menu a command, every icon and key a meaning. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { withWords } from "../../extension/scripts/manifestWords.mjs";
import type { TaskView } from "../../extension/src/generated/protocol";
import { attemptTokens, taskTokens } from "../../extension/src/views/runs/words";
import { attempt, change, run, task } from "./samples";

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

test("what an icon in a row does is found in the palette or in the row's menu, too", () => {
  const rows: { command: string; group: string }[] = menus["view/item/context"];
  const hidden = new Set(
    menus.commandPalette.flatMap(({ command, when }: { command: string; when: string }) =>
      when === "false" ? [command] : [],
    ),
  );
  const inMenus = new Set(rows.filter(({ group }) => !group.startsWith("inline")).map(({ command }) => command));
  const icons = rows.filter(({ group }) => group.startsWith("inline")).map(({ command }) => command);
  expect(icons).toContain("contextune.cancelTask");
  expect(icons.filter((command) => hidden.has(command) && !inMenus.has(command))).toEqual([]);
});

test("a Task and its newest attempt offer all that can be done with them as icons", () => {
  const rows: { command: string; when: string; group: string }[] = menus["view/item/context"];
  const shown = (item: string) =>
    rows.flatMap(({ command, when, group }) => {
      const [, pattern] = /^view == contextune\.runs && viewItem =~ \/(.+)\/$/.exec(when) ?? [];
      const fits = pattern !== undefined && new RegExp(pattern).test(item);
      return fits && group.startsWith("inline") ? [command.replace("contextune.", "")] : [];
    });
  const of = (over: Partial<TaskView>, alone = attempt()) => {
    const one = task({ attempts: [alone], worktree: "/w/1", changes: [change("a.py")], ...over });
    return [taskTokens(one, run()), attemptTokens(alone, one, run())].map((tokens) => shown(tokens).sort());
  };
  const common = ["openTerminal", "openTranscript", "openWorktree", "reviewRun"];
  const asking = ["answerQuestion", "cancelTask", "pauseTask", ...common].sort();
  expect(of({ state: "asking" })).toEqual([asking, asking]);
  const failed = [...common, "retryTask", "retryTaskOnRung"].sort();
  expect(of({ state: "failed" })).toEqual([failed, failed]);
  const [first, second] = [attempt({ number: 1 }), attempt({ number: 2 })];
  const two = task({ state: "failed", attempts: [first, second] });
  expect(shown(attemptTokens(first, two, run()))).toEqual(["openTranscript"]);
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
