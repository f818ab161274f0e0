/** The Node packages of the extension, as package-lock.json pins them. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { fingerprint, isStamped, root, run, SetupError, step, writeStamp } from "./steps.mjs";

const modules = join(root, "node_modules");
const stamp = join(modules, ".contextune-stamp");
/** npm, as this system calls it. */
export const npmProgram = process.platform === "win32" ? "npm.cmd" : "npm";

/** The script of a package's program, to be run with this Node: `nodeProgram("typescript", "bin/tsc")`. */
export function nodeProgram(packageName, script) {
  return join(modules, packageName, script);
}

/** Imports a package of `node_modules`, which a plain `import` at the top could not before the set-up. */
export function importPackage(packageName, entry) {
  return import(pathToFileURL(join(modules, packageName, entry)).href);
}

/**
 * Runs `npm ci` unless node_modules already holds what package-lock.json says.
 *
 * @throws {SetupError} when this Node is too old, or a package can't be installed
 */
export async function ensureNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19))
    throw new SetupError(`Node 20.19 or later is needed; this is ${process.version}.`);
  const value = fingerprint([join(root, "package-lock.json")], [process.platform, process.arch]);
  if (isStamped(stamp, value) && existsSync(modules)) return;
  await step("Installing Node packages (package-lock.json)", () =>
    run(npmProgram, ["ci", "--no-audit", "--no-fund", "--loglevel=error"]),
  );
  writeStamp(stamp, value);
}
