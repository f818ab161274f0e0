/** The Python environment `.venv`: made once, filled from a hashed lock, done again when the lock changes. */
import { spawnSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ensureDebianPackages } from "./debian.mjs";
import { fingerprint, isStamped, read, root, run, SetupError, step, works, writeStamp } from "./steps.mjs";

const windows = process.platform === "win32";
const venv = join(root, ".venv");
const stamp = join(venv, "contextune-stamp");

/** The path of a program of the environment: `venvProgram("python")`. */
export function venvProgram(name) {
  return windows ? join(venv, "Scripts", `${name}.exe`) : join(venv, "bin", name);
}

/** pip's environment: without the advice to update it. */
export const pipEnvironment = { ...process.env, PIP_DISABLE_PIP_VERSION_CHECK: "1", PIP_ROOT_USER_ACTION: "ignore" };

/**
 * The first Python of at least 3.11 on PATH (or `CONTEXTUNE_PYTHON`).
 *
 * @throws {SetupError} when there is none
 */
export function findPython() {
  const names = ["python3", "python3.14", "python3.13", "python3.12", "python3.11", "python"];
  const candidates = process.env.CONTEXTUNE_PYTHON ? [process.env.CONTEXTUNE_PYTHON] : names;
  const seen = [];
  for (const name of candidates) {
    const version = read(name, ["-c", "import sys; print('%d.%d' % sys.version_info[:2])"]);
    if (version === undefined) continue;
    const [major, minor] = version.split(".").map(Number);
    if (major === 3 && minor >= 11) return name;
    seen.push(`${name} is ${version}`);
  }
  const found = seen.length > 0 ? ` (${seen.join(", ")})` : "";
  throw new SetupError(`Python 3.11 or later was not found${found}: install it, or name it in CONTEXTUNE_PYTHON.`);
}

function canMakeEnvironments(python) {
  return works(python, ["-c", "import venv, ensurepip"]);
}

/** Makes sure that `python` can make environments. */
export async function ensureVenvModule(python) {
  if (canMakeEnvironments(python)) return;
  await ensureDebianPackages(["python3-venv"], "the Python environment");
  if (canMakeEnvironments(python)) return;
  throw new SetupError(
    `${python} can't make environments: its modules venv and ensurepip are missing. Install them, or name another Python in CONTEXTUNE_PYTHON.`,
  );
}

/**
 * The Debian packages that the environment needs and that are not there.
 *
 * Debian keeps `ensurepip`, which `venv` needs, in a package of its own; python3-venv follows the default Python.
 */
export function pythonPackages() {
  return hasPip() || canMakeEnvironments(findPython()) ? [] : ["python3-venv"];
}

function hasPip() {
  return works(venvProgram("python"), ["-c", "import pip"]);
}

/** Makes the empty environment, with pip in it, unless it is there. */
export async function ensureVenv() {
  if (hasPip()) return;
  const python = findPython();
  await ensureVenvModule(python);
  rmSync(venv, { recursive: true, force: true });
  await step("Making the Python environment .venv", () => run(python, ["-m", "venv", venv], { quiet: true }));
}

/** A dependency that pyproject.toml names and the lock lacks would fail much later, at its import. */
async function checkLock() {
  const check = spawnSync(venvProgram("python"), ["-m", "pip", "check"], { encoding: "utf8" });
  if (check.status === 0) return;
  throw new SetupError(`requirements/dev.txt does not fit pyproject.toml: run "npm run lock".\n${check.stdout}`);
}

/**
 * Makes `.venv` with the locked packages and the project itself in editable form, unless that is already so.
 *
 * @throws {SetupError} when there is no fit Python, or a package can't be installed
 */
export async function ensurePython() {
  const lock = join(root, "requirements", "dev.txt");
  const value = fingerprint([lock, join(root, "pyproject.toml")], [root]);
  if (isStamped(stamp, value) && existsSync(venvProgram("contextune"))) return;
  await ensureVenv();
  const pip = (...args) =>
    run(venvProgram("python"), ["-m", "pip", "install", ...args], { env: pipEnvironment, quiet: true });
  await step("Installing Python packages (requirements/dev.txt)", () => pip("--require-hashes", "-r", lock));
  await step("Installing Contextune's daemon into it", async () => {
    await pip("--no-deps", "--no-build-isolation", "-e", root);
    await checkLock();
  });
  writeStamp(stamp, value);
}
