/** A scenario: one VS Code from the first step of a test file to its last, and what is kept when a step fails. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, type TestContext } from "vitest";
import { ensureEditor } from "../../../extension/scripts/editor.mjs";
import { root } from "../../../extension/scripts/steps.mjs";
import { CodeServer, type CodeServerOptions } from "./codeServer";
import { patience, Workbench } from "./workbench";

/** What a scenario starts with. */
export interface ScenarioOptions extends CodeServerOptions {
  /** Prepares, below a fresh folder, the folder that VS Code opens, and returns its path. */
  readonly prepare: (home: string) => string | Promise<string>;
  /** The window's size in pixels. */
  readonly size?: { readonly width: number; readonly height: number };
}

/** A running scenario. */
export class Scenario {
  constructor(
    /** The folder that VS Code has opened. */
    readonly folder: string,
    /** A fresh folder for everything that this scenario writes. */
    readonly home: string,
    /** The window. */
    readonly workbench: Workbench,
    /** The server behind the window. */
    readonly server: CodeServer,
    private readonly name: string,
  ) {}

  /** Keeps a picture of the window as `.screenshots/<test file>-<name>.png`, which git ignores. */
  async screenshot(name: string): Promise<string> {
    const file = join(root, ".screenshots", `${this.name}-${name}.png`);
    await this.workbench.screenshot(file);
    return file;
  }
}

const browserFlags = [
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
  await page.goto(`${server.url}/?folder=${encodeURIComponent(folder)}`);
  const workbench = new Workbench(page);
  const scenario = new Scenario(
    folder,
    home,
    workbench,
    server,
    basename(expect.getState().testPath ?? "e2e", ".test.ts"),
  );
  try {
    await workbench.ready();
    await server.extensionActivated();
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

  beforeAll(async () => {
    const home = mkdtempSync(join(tmpdir(), "contextune-e2e-"));
    stack.push(async () => rmSync(home, { recursive: true, force: true, maxRetries: 5 }));
    scenario = await open(options, home, stack);
  });

  beforeEach((context: TestContext) => {
    if (failedStep !== undefined) context.skip(`"${failedStep}" failed before`);
  });

  afterEach(async ({ task }) => {
    if (task.result?.state !== "fail" || scenario === undefined) return;
    failedStep = task.name;
    const picture = await scenario.screenshot("failed");
    console.error(`The window when "${task.name}" failed: ${picture}\n${scenario.server.logTails()}`);
  });

  afterAll(async () => {
    for (const undo of stack.reverse()) await undo();
  });

  return () => {
    if (scenario === undefined) throw new Error("The scenario has not started: call this inside a test.");
    return scenario;
  };
}
