/** A daemon of another protocol is never worked with: named where the user chose it, installed anew where it is ours. */
import { beforeEach, expect, test, vi } from "vitest";
import { Daemon } from "../../extension/src/client";
import type { Located } from "../../extension/src/daemonCommand";
import { PROTOCOL } from "../../extension/src/generated/protocol";
import type { SetupProblem } from "../../extension/src/python/problem";
import { problemText } from "../../extension/src/python/words";

const world = vi.hoisted(() => ({ greetings: [] as unknown[], disposed: 0, started: [] as string[] }));

vi.mock("vscode", async () => ({
  ...(await vi.importActual<object>("./vscode")),
  EventEmitter: class {
    event = () => ({ dispose: () => {} });
    fire() {}
    dispose() {}
  },
}));

vi.mock("../../extension/src/languageClient", () => ({
  CloseAction: {},
  ErrorAction: {},
  RevealOutputChannelOn: {},
  State: { Running: 2, Starting: 3 },
  LanguageClient: class {
    initializeResult: unknown;
    constructor(_id: string, _name: string, executable: { command: string }) {
      world.started.push(executable.command);
    }
    onNotification() {}
    onRequest() {}
    onDidChangeState() {}
    async start() {
      this.initializeResult = world.greetings.shift();
    }
    async dispose() {
      world.disposed += 1;
    }
  },
}));

const greeting = (version: string, protocol?: string) => ({
  capabilities: protocol === undefined ? {} : { experimental: { contextune: { protocol } } },
  serverInfo: { name: "contextune", version },
});
const old = greeting("0.0.9");
const ours = greeting("0.1.0", PROTOCOL);

let discarded = 0;

function daemon(named: boolean): Daemon {
  const log = { info: () => {}, warn: () => {}, trace: () => {} };
  const discard = async () => {
    discarded += 1;
  };
  const locate = async (): Promise<Located> => ({
    executable: { command: named ? "theirs" : `ours-${discarded}` },
    named,
    discard,
  });
  return new Daemon({
    log: log as never,
    locate,
    handlers: {} as never,
    answers: {} as never,
    settings: [],
    version: "0.1.0",
  });
}

beforeEach(() => {
  Object.assign(world, { greetings: [], disposed: 0, started: [] });
  discarded = 0;
});

async function refusal(work: Promise<void>): Promise<string> {
  const problem = await work.then(
    () => undefined,
    (reason: SetupProblem) => reason,
  );
  return problem === undefined ? "" : problemText(problem);
}

test("one of the same protocol is taken, whatever its version", async () => {
  world.greetings = [greeting("0.1.1", PROTOCOL)];
  const taken = daemon(true);
  await taken.start();
  expect([taken.state, world.disposed]).toEqual(["ready", 0]);
});

test("one that the user named is ended, and both versions are told", async () => {
  world.greetings = [old];
  const refused = daemon(true);
  expect(await refusal(refused.start())).toBe(
    "The daemon that contextune.daemonPath names is version 0.0.9, and this extension, version 0.1.0, does not speak " +
      "its protocol. Update that daemon, or use the one that came with the extension.",
  );
  expect([refused.state, world.disposed, discarded]).toEqual(["failed", 1, 0]);
});

test("a newer one is refused as well, and one that tells no version", async () => {
  world.greetings = [greeting("9.0.0", "another"), undefined];
  expect(await refusal(daemon(true).start())).toContain("is version 9.0.0,");
  expect(await refusal(daemon(true).start())).toContain("is version ?,");
});

test("our own is installed anew, once, and then taken", async () => {
  world.greetings = [old, ours];
  const mended = daemon(false);
  await mended.start();
  expect([mended.state, discarded, world.disposed]).toEqual(["ready", 1, 1]);
  expect(world.started).toEqual(["ours-0", "ours-1"]);
});

test("our own that stays another one is told, not installed for ever", async () => {
  world.greetings = [old, old];
  const broken = daemon(false);
  expect(await refusal(broken.start())).toBe(
    "The daemon of this extension, version 0.1.0, answers as version 0.0.9, also after it was installed anew. " +
      "Reinstall the extension.",
  );
  expect([broken.state, discarded, world.disposed]).toEqual(["failed", 1, 2]);
});

test("a restart ends the daemon and starts another; calls meanwhile share it", async () => {
  world.greetings = [ours, ours, ours];
  const restarted = daemon(false);
  await restarted.start();
  await Promise.all([restarted.restart(), restarted.restart()]);
  expect([restarted.state, world.started.length, world.disposed]).toEqual(["ready", 2, 1]);
  await restarted.restart();
  expect([restarted.state, world.started.length, world.disposed]).toEqual(["ready", 3, 2]);
});

test("a restart while it first starts waits for that, and one after a failure tries again", async () => {
  world.greetings = [ours];
  const starting = daemon(true);
  await Promise.all([starting.start(), starting.restart()]);
  expect([starting.state, world.started.length, world.disposed]).toEqual(["ready", 1, 0]);
  world.greetings = [old, ours];
  const failed = daemon(true);
  expect(await refusal(failed.start())).not.toBe("");
  await failed.restart();
  expect(failed.state).toBe("ready");
});
