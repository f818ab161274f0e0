/** A scenario: one VS Code from the first step of a test file to its last, and what is kept when a step fails. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, type TestContext, vi } from "vitest";
import { ensureEditor } from "../../../extension/scripts/editor.mjs";
import { root } from "../../../extension/scripts/steps.mjs";
import { CodeServer, type CodeServerOptions } from "./codeServer";
import { commandsIn, missing, type Played, record, recording } from "./played";
import { patience, Workbench } from "./workbench";

/** What a scenario starts with. */
export interface ScenarioOptions extends CodeServerOptions {
  /** Prepares, below a fresh folder, the folder or the workspace's file that VS Code opens; returns its path, or "" for none. */
  readonly prepare: (home: string) => string | Promise<string>;
  /** Whether VS Code starts the extension there, as it does unless told otherwise. */
  readonly activates?: boolean;
  /** The window's size in pixels. */
  readonly size?: { readonly width: number; readonly height: number };
}

/** A running scenario. */
export class Scenario {
  constructor(
    /** The folder, or the workspace's file, that VS Code has opened. */
    readonly folder: string,
    /** A fresh folder for everything that this scenario writes. */
    readonly home: string,
    /** The window. */
    readonly workbench: Workbench,
    /** The server behind the window. */
    readonly server: CodeServer,
    /** The test file's name. */
    readonly name: string,
  ) {}

  readonly #pictures = new Set<string>();

  /** Keeps a picture of the window, or another one, as `.screenshots/<test file>-<name>.png`, which git ignores. */
  async screenshot(name: string, window: Page = this.workbench.page): Promise<string> {
    this.#pictures.add(name);
    const file = join(root, ".screenshots", `${this.name}-${name}.png`);
    await new Workbench(window).screenshot(file);
    return file;
  }

  /** What it ran and showed so far. */
  played(): Played {
    return { commands: commandsIn(this.server.ownLogs()), pictures: [...this.#pictures].sort() };
  }
}

/** Compares what a story ran, from its first step to its last, with its record; or makes that. */
async function comparePlayed(scenario: Scenario): Promise<void> {
  if (recording) return record(scenario.name, scenario.played());
  const complete = () => missing(scenario.name, scenario.played()).length === 0;
  await vi.waitUntil(complete, { timeout: 5_000 }).catch(() => {}); // the log is written a moment after the command
  expect(
    missing(scenario.name, scenario.played()),
    `"${scenario.name}" no longer runs what is recorded of it: mend it, or record it anew with CONTEXTUNE_RECORD_STORIES=1`,
  ).toEqual([]);
}

/** What the browser is started with. */
export const browserFlags = [
  ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"],
  ...["--disable-background-networking", "--disable-component-update"],
];

async function open(options: ScenarioOptions, home: string, stack: (() => Promise<unknown>)[]): Promise<Scenario> {
  const folder = await options.prepare(home);
  const server = await CodeServer.start(home, options);
  stack.push(() => server.stop());
  const { chromium: executablePath } = await ensureEditor();
  const browser: Browser = await chromium.launch({ executablePath, args: browserFlags });
  stack.push(() => browser.close());
  const viewport = options.size ?? { width: 1440, height: 900 };
  const page = await browser.newPage({ viewport, colorScheme: "dark" });
  page.setDefaultTimeout(patience);
  const kind = folder.endsWith(".code-workspace") ? "workspace" : "folder";
  const url = `${server.url}/?${folder === "" ? "ew=true" : `${kind}=${encodeURIComponent(folder)}`}`;
  await page.goto(url);
  const workbench = new Workbench(page);
  const scenario = new Scenario(
    folder,
    home,
    workbench,
    server,
    basename(expect.getState().testPath ?? "e2e", ".test.ts"),
  );
  try {
    await workbench.ready(folder !== "");
    if (options.activates !== false) await server.extensionActivated();
  } catch (error) {
    const picture = await scenario.screenshot("not-ready");
    throw new Error(`The window did not become ready (${picture}).\n${server.logTails()}`, { cause: error });
  }
  return scenario;
}

/**
 * Starts a VS Code for the steps (`test` calls) of this file, and stops it after the last.
 *
 * Steps build on each other: after one that fails, the rest of the file is skipped; a picture of the window and the
 * logs of the extension host are kept and printed.
 *
 * @returns a function that gives the running scenario, to be called inside a step
 */
export function useScenario(options: ScenarioOptions): () => Scenario {
  const stack: (() => Promise<unknown>)[] = [];
  let scenario: Scenario | undefined;
  let failedStep: string | undefined;
  let steps: readonly { readonly result?: { readonly state: string } }[] = [];

  beforeAll(async () => {
    const home = mkdtempSync(join(tmpdir(), "contextune-e2e-"));
    stack.push(async () => rmSync(home, { recursive: true, force: true, maxRetries: 5 }));
    scenario = await open(options, home, stack);
  });

  beforeEach((context: TestContext) => {
    if (failedStep !== undefined) context.skip(`"${failedStep}" failed before`);
  });

  afterEach(async ({ task }) => {
    steps = task.file.tasks;
    if (task.result?.state !== "fail" || scenario === undefined) return;
    failedStep = task.name;
    const picture = await scenario.screenshot("failed");
    console.error(`The window when "${task.name}" failed: ${picture}\n${scenario.server.logTails()}`);
  });

  afterAll(async () => {
    const isWhole = steps.length > 0 && steps.every(({ result }) => result?.state === "pass");
    try {
      if (scenario !== undefined && isWhole) await comparePlayed(scenario);
    } finally {
      for (const undo of stack.reverse()) await undo();
    }
  });

  return () => {
    if (scenario === undefined) throw new Error("The scenario has not started: call this inside a test.");
    return scenario;
  };
}
