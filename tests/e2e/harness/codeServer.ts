/** The VS Code server: a fresh one per scenario, with the packaged extension installed as users install it. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { vi } from "vitest";
import { ensureEditor } from "../../../extension/scripts/editor.mjs";
import { vsix } from "../../../extension/scripts/package.mjs";
import { root } from "../../../extension/scripts/steps.mjs";

const extensionId = "contextune.contextune";
/** What VS Code made of the package when it installed it, and its own code compiled: both only to start faster. */
const installed = join(root, "build", "e2e", "installed");
const compiled = join(root, "build", "e2e", "compiled");
const placeholder = "/the-extensions-folder";
const startLimit = 60_000;
const stopLimit = 10_000;

/** What a scenario wants of its VS Code. */
export interface CodeServerOptions {
  /** Settings on top of the quiet defaults, as in a user's settings.json. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Environment on top of the test's own; the daemon inherits it. */
  readonly env?: Readonly<Record<string, string>>;
  /** More extensions to install: packages, by their paths below the scenario's folder. */
  readonly extensions?: readonly string[];
  /** The language of the display, such as `de`; VS Code's own words stay English, as no language pack is installed. */
  readonly locale?: string;
  /** Leaves our own extension out, to see what VS Code does by itself. */
  readonly bare?: boolean;
  /** Whether every folder is trusted from the start (the default), or VS Code asks. */
  readonly trusted?: boolean;
}

/** Settings without which notices, tips and downloads would stand in the way or move the picture. */
const quietSettings = {
  "workbench.colorTheme": process.env.CONTEXTUNE_TEST_THEME ?? "Default Dark Modern",
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
  "workbench.reduceMotion": "on",
  "workbench.enableExperiments": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.welcomePage.walkthroughs.openOnInstall": false,
  "window.dialogStyle": "custom",
  "window.confirmBeforeClose": "never",
  "telemetry.telemetryLevel": "off",
  "update.mode": "none",
  "extensions.autoCheckUpdates": false,
  "extensions.autoUpdate": false,
  "extensions.ignoreRecommendations": true,
  "chat.disableAIFeatures": true,
  "editor.accessibilitySupport": "off",
  "files.autoSave": "off", // as on a desktop; in a browser VS Code saves by itself
  "editor.minimap.enabled": false,
  "git.autofetch": false,
  "git.openRepositoryInParentFolders": "never",
  "terminal.integrated.gpuAcceleration": "off",
  // A server looks for open ports in all of /proc every two seconds, as a desktop's window does not.
  "remote.autoForwardPorts": false,
};

/** Variables of the surrounding shell that would change what is tested, or spend somebody's money. */
const foreignVariables =
  /^(ANTHROPIC_|GITHUB_|GH_|CONTEXTUNE_|VSCODE_|CODE_SERVER_|npm_|NODE_OPTIONS$|VITEST|ELECTRON_)/i;

function cleanEnvironment(): Record<string, string> {
  const entries = Object.entries(process.env).filter(([name]) => !foreignVariables.test(name));
  return Object.fromEntries(entries) as Record<string, string>;
}

/** The address that the server says it listens on; rejects when it ends first or takes longer than `startLimit`. */
function listeningAddress(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = "";
    const fail = (reason: string) => reject(new Error(`code-server ${reason}:\n${output}`));
    const timer = setTimeout(() => fail(`did not listen within ${startLimit / 1000} s`), startLimit);
    const settle = (work: () => void) => {
      clearTimeout(timer);
      work();
    };
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      const address = output.match(/HTTP server listening on (http:\S+?)\/?\s/)?.[1];
      if (address !== undefined) settle(() => resolve(address));
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", read);
    child.once("exit", (code) => settle(() => fail(`ended with status ${code}`)));
  });
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Ends the process group that `child` leads: politely, then, after `stopLimit` or when its leader is gone, surely. */
async function stopGroup(child: ChildProcess): Promise<void> {
  const { pid } = child;
  if (pid === undefined) return;
  if (child.exitCode === null && child.signalCode === null) {
    const gone = new Promise((resolve) => child.once("exit", resolve));
    signalGroup(pid, "SIGTERM");
    const timer = setTimeout(() => signalGroup(pid, "SIGKILL"), stopLimit);
    await gone;
    clearTimeout(timer);
  }
  signalGroup(pid, "SIGKILL");
}

/** What a language pack leaves behind when it is installed; this one translates nothing of VS Code itself. */
function writeLanguagePack(userData: string, locale: string): void {
  const translation = join(userData, `${locale}.i18n.json`);
  writeFileSync(translation, JSON.stringify({ version: "1.0.0", contents: {} }));
  const extensions = [{ extensionIdentifier: { id: `tests.${locale}` }, version: "1.0.0" }];
  const pack = { hash: "none", label: locale, extensions, translations: { vscode: translation } };
  writeFileSync(join(userData, "languagepacks.json"), JSON.stringify({ [locale]: pack }));
}

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/**
 * Has VS Code install the package at `extensions` the first time, and copies what that left there from then on.
 *
 * It does the same each time, and takes seconds for it.
 */
async function installOnce(extensions: string, install: () => Promise<void>): Promise<void> {
  const hash = createHash("sha256").update(readFileSync(vsix)).digest("hex").slice(0, 16);
  const kept = join(installed, hash);
  const list = join(extensions, "extensions.json");
  if (existsSync(kept)) {
    cpSync(kept, extensions, { recursive: true });
    // The list names the folder that it was written for.
    writeFileSync(list, readFileSync(list, "utf8").replaceAll(placeholder, extensions));
    return;
  }
  await install();
  mkdirSync(installed, { recursive: true });
  const old = readdirSync(installed).filter((name) => !name.startsWith(hash));
  for (const name of old) rmSync(join(installed, name), { recursive: true, force: true });
  const staging = mkdtempSync(join(installed, `${hash}-`));
  cpSync(extensions, staging, { recursive: true });
  const written = readFileSync(list, "utf8").replaceAll(extensions, placeholder);
  writeFileSync(join(staging, "extensions.json"), written);
  try {
    renameSync(staging, kept);
  } catch (error) {
    rmSync(staging, { recursive: true });
    if (!existsSync(kept)) throw error; // else another story was faster
  }
}

/** A running code-server. */
export class CodeServer {
  private constructor(
    /** Where the workbench is served, without a trailing slash. */
    readonly url: string,
    /** The folder for all that this server writes. */
    readonly home: string,
    private readonly child: ChildProcess,
  ) {}

  /** Installs the packaged extension into fresh folders below `home`, and starts the server there. */
  static async start(home: string, options: CodeServerOptions = {}): Promise<CodeServer> {
    if (!existsSync(vsix)) throw new Error(`${vsix} is missing: run "npm run package" first.`);
    const editor = await ensureEditor();
    const userData = join(home, "user-data");
    const folders = ["--user-data-dir", userData, "--extensions-dir", join(home, "extensions")];
    const env = {
      ...cleanEnvironment(),
      CODE_SERVER_CONFIG: join(home, "config.yaml"),
      XDG_DATA_HOME: join(home, "data"),
      CONTEXTUNE_HOME: join(home, "contextune"),
      NODE_COMPILE_CACHE: compiled, // of VS Code's own code, as a desktop VS Code has one
      ...options.env,
    };
    mkdirSync(join(userData, "User"), { recursive: true });
    const settings = { ...quietSettings, ...options.settings };
    writeFileSync(join(userData, "User", "settings.json"), JSON.stringify(settings, null, 2));
    const install = async (packages: readonly string[]) => {
      const wanted = packages.flatMap((path) => ["--install-extension", path]);
      await promisify(execFile)(editor.node, [editor.codeServer, ...folders, ...wanted], { env, timeout: startLimit });
    };
    if (!options.bare) await installOnce(join(home, "extensions"), () => install([vsix]));
    const more = (options.extensions ?? []).map((path) => join(home, path));
    if (more.length > 0) await install(more);

    const language = options.locale === undefined ? [] : ["--locale", options.locale];
    if (options.locale !== undefined) writeLanguagePack(userData, options.locale);
    const quiet = ["--disable-telemetry", "--disable-update-check", "--disable-getting-started-override"];
    // A server's extension host compresses each message to its window, as a desktop's does not.
    quiet.push("--vscode-option", "disable-websocket-compression");
    const trust = options.trusted === false ? [] : ["--disable-workspace-trust"];
    const address = ["--auth", "none", "--bind-addr", "127.0.0.1:0"];
    // A group of its own, so that the extension host and the daemon below it can be stopped with it.
    const child = spawn(editor.node, [editor.codeServer, ...folders, ...language, ...quiet, ...trust, ...address], {
      env,
      cwd: home,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    try {
      return new CodeServer(await listeningAddress(child), home, child);
    } catch (error) {
      await stopGroup(child);
      throw error;
    }
  }

  /** Waits until the extension host has begun to start the extension, which comes last in VS Code's own start-up. */
  async extensionActivated(): Promise<void> {
    const hostLogs = () => this.logFiles().filter((file) => file.endsWith("remoteexthost.log"));
    const activated = () =>
      hostLogs().some((file) => readFileSync(file, "utf8").includes(`_doActivateExtension ${extensionId},`));
    await vi.waitUntil(activated, { timeout: startLimit, interval: 200 });
  }

  private logFiles(): string[] {
    return filesBelow(join(this.home, "user-data", "logs")).filter((file) => file.includes("exthost"));
  }

  /** The texts of the extension's own logs, one for each start of an extension host. */
  ownLogs(): string[] {
    const own = this.logFiles().filter((file) => file.includes(extensionId) && file.endsWith("Contextune.log"));
    return own.map((file) => readFileSync(file, "utf8"));
  }

  /** The end of every log of the extension host and of the extension's own channel, for a failure's report. */
  logTails(characters = 4000): string {
    const own = (file: string) => file.endsWith("remoteexthost.log") || file.includes(extensionId);
    return this.logFiles()
      .filter(own)
      .map((file) => ({ file, text: readFileSync(file, "utf8").trim() }))
      .filter(({ text }) => text !== "")
      .map(({ file, text }) => `--- ${file.slice(this.home.length + 1)}\n${text.slice(-characters)}`)
      .join("\n");
  }

  /** Stops the server and all that it started; returns when they are gone. */
  stop(): Promise<void> {
    return stopGroup(this.child);
  }
}
