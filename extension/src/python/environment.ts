/**
 * The daemon's own Python environment, made from the files that came with the extension.
 *
 * Its folder is named for those files and the Python, and appears by a rename when everything in it works: an
 * interrupted installation leaves nothing that could be taken for a finished one.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import type { Interpreter } from "./interpreter";
import { problemOf, SetupProblem } from "./problem";
import { run } from "./process";

/** How far the installation is. */
export type Progress =
  | { readonly kind: "environment" }
  | { readonly kind: "packages"; readonly done: number; readonly total: number; readonly name: string }
  | { readonly kind: "daemon" };

/** What an installation needs to know. */
export interface Installation {
  readonly interpreter: Interpreter;
  /** The folder with the daemon's wheel and requirements.txt. */
  readonly bundle: string;
  /** The folder in which environments are kept. */
  readonly storage: string;
  readonly signal: AbortSignal;
  readonly report: (progress: Progress) => void;
  readonly log: (line: string) => void;
}

const PREFIX = "daemon-";
const UNUSED_MS = 30 * 24 * 3600 * 1000;

/** The Python program of an environment. */
export function pythonOf(environment: string, platform = process.platform): string {
  return platform === "win32" ? join(environment, "Scripts", "python.exe") : join(environment, "bin", "python");
}

/** The number of packages that a hashed requirements file pins. */
export function countPins(requirements: string): number {
  return requirements.split(/\r?\n/).filter((line) => /^[A-Za-z0-9][\w.-]*(\[[^\]]*\])?==/.test(line)).length;
}

/** The package that a line of pip's output begins to fetch: `Collecting msgspec==0.22.0 (from …)`. */
export function collecting(line: string): string | undefined {
  return /^Collecting ([A-Za-z0-9][\w.-]*)/.exec(line)?.[1];
}

async function wheelIn(bundle: string): Promise<string> {
  const wheel = existsSync(bundle) ? (await readdir(bundle)).find((name) => name.endsWith(".whl")) : undefined;
  if (wheel === undefined) throw new SetupProblem("no-daemon", bundle);
  return join(bundle, wheel);
}

/** What the environment of a Python with these files is called. */
export async function nameOf({ version }: Interpreter, files: readonly string[]): Promise<string> {
  const hash = createHash("sha256").update(version);
  for (const file of files) hash.update("\0").update(await readFile(file));
  return PREFIX + hash.digest("hex").slice(0, 16);
}

/** Environments of other versions may serve another window still, so only those long unused go. */
async function removeUnused(storage: string, kept: string): Promise<void> {
  for (const name of await readdir(storage)) {
    if (!name.startsWith(PREFIX) || name === kept) continue;
    const folder = join(storage, name);
    if (Date.now() - (await stat(folder)).mtimeMs > UNUSED_MS) await rm(folder, { recursive: true, force: true });
  }
}

async function hasUv(signal: AbortSignal): Promise<boolean> {
  return run({ command: "uv", args: ["--version"], signal }).then(
    () => true,
    () => false,
  );
}

async function fill(staging: string, wheel: string, requirements: string, install: Installation): Promise<void> {
  const { interpreter, signal, report, log } = install;
  const step = (command: string, args: readonly string[], onLine: (line: string) => void = log): Promise<string> =>
    run({ command, args, signal, cwd: install.storage, onLine });
  const python = pythonOf(staging);
  const uv = await hasUv(signal);
  report({ kind: "environment" });
  if (uv) await step("uv", ["venv", "--quiet", "--allow-existing", "--python", interpreter.executable, staging]);
  else await step(interpreter.executable, ["-I", "-m", "venv", staging]);

  const pip = uv
    ? (args: readonly string[], onLine = log) => step("uv", ["pip", "install", "--python", python, ...args], onLine)
    : (args: readonly string[], onLine = log) =>
        step(python, ["-I", "-m", "pip", "install", "--progress-bar", "off", ...args], onLine);
  const total = countPins(await readFile(requirements, "utf8"));
  let done = 0;
  report({ kind: "packages", done, total, name: "" });
  await pip(["--require-hashes", "--only-binary", ":all:", "-r", requirements], (line) => {
    log(line);
    const name = collecting(line);
    if (name !== undefined) report({ kind: "packages", done: ++done, total, name });
  });
  report({ kind: "daemon" });
  await pip(["--no-deps", wheel]);
  await step(python, ["-I", "-c", "import contextune.cli.main"]);
}

/**
 * The folder of an environment in which `python -I -m contextune` works; made first if need be.
 *
 * Throws SetupProblem with the reason if it can't be made. Safe to call from several windows at once.
 */
export async function ensureEnvironment(install: Installation): Promise<string> {
  const { bundle, storage } = install;
  const wheel = await wheelIn(bundle);
  const requirements = join(bundle, "requirements.txt");
  try {
    const name = await nameOf(install.interpreter, [wheel, requirements]);
    const folder = join(storage, name);
    await mkdir(storage, { recursive: true });
    if (!existsSync(pythonOf(folder))) {
      const staging = await mkdtemp(join(storage, "installing-"));
      try {
        await fill(staging, wheel, requirements, install);
        if (!existsSync(pythonOf(folder))) {
          await rm(folder, { recursive: true, force: true }); // its base Python was removed or upgraded
          await rename(staging, folder);
        }
      } finally {
        await rm(staging, { recursive: true, force: true });
      }
    }
    await utimes(folder, new Date(), new Date());
    await removeUnused(storage, name);
    return folder;
  } catch (error) {
    throw error instanceof SetupProblem ? error : problemOf(String(error));
  }
}
