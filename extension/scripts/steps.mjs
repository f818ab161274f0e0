/**
 * Running things and saying so: each step prints what it does and how long it took.
 *
 * Every module in this folder uses Node's built-in modules alone, because the set-up runs before `npm ci`.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's root folder. */
export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** A failure that is the reader's to mend: printed as one plain sentence, without a stack. */
export class SetupError extends Error {}

/** Seconds since `start` (of `performance.now()`), for people: `0.4 s`, `12 s`, `3 min 05 s`. */
export function since(start) {
  const seconds = (performance.now() - start) / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
}

/** Prints `title`, awaits `work`, prints the time it took, and returns what `work` returned. */
export async function step(title, work) {
  console.log(`> ${title}`);
  const start = performance.now();
  try {
    const result = await work();
    console.log(`  done in ${since(start)}`);
    return result;
  } catch (error) {
    console.log(`  failed after ${since(start)}`);
    throw error;
  }
}

/**
 * Runs a program to its end.
 *
 * With `quiet`, its output is kept back and printed only when it fails, with `afterwards` when it has ended; otherwise
 * it goes straight to the terminal.
 * @returns {Promise<number>} the exit status, where `allowFailure` is set; otherwise 0, or a SetupError.
 */
export async function run(
  command,
  args,
  { cwd = root, env = process.env, quiet = false, afterwards = false, allowFailure = false } = {},
) {
  const way = quiet || afterwards ? "pipe" : "inherit";
  const child = spawn(command, args, { cwd, env, stdio: ["ignore", way, way] });
  const output = [];
  child.stdout?.on("data", (chunk) => output.push(chunk));
  child.stderr?.on("data", (chunk) => output.push(chunk));
  const status = await new Promise((resolve, reject) => {
    child.on("error", (error) => reject(new SetupError(`${command} could not be started: ${error.message}`)));
    child.on("close", (code, signal) => resolve(signal ? 128 : code));
  });
  const failed = status !== 0 && !allowFailure;
  if (afterwards || failed) process.stderr.write(Buffer.concat(output));
  if (failed) {
    throw new SetupError(`${[command, ...args].join(" ")} ended with status ${status}.`);
  }
  return status;
}

/** Whether `command args` runs and ends with status 0; prints nothing. */
export function works(command, args) {
  return spawnSync(command, args, { stdio: "ignore" }).status === 0;
}

/** The standard output of `command args`, trimmed, or undefined when it fails. */
export function read(command, args) {
  const result = spawnSync(command, args, { encoding: "utf8" });
  return result.status === 0 ? result.stdout.trim() : undefined;
}

/** A short hash over the contents of `files` (those that exist) and `words`. */
export function fingerprint(files, words = []) {
  const hash = createHash("sha256");
  for (const file of files) hash.update(existsSync(file) ? readFileSync(file) : "absent").update("\0");
  for (const word of words) hash.update(word).update("\0");
  return hash.digest("hex").slice(0, 16);
}

/** Whether the work that `stamp` stands for was done for this `value`. */
export function isStamped(stamp, value) {
  return existsSync(stamp) && readFileSync(stamp, "utf8") === value;
}

/** Records in the file `stamp` that the work was done for this `value`. */
export function writeStamp(stamp, value) {
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, value);
}

/**
 * Runs a script's main function when the script was started as a program (`module` is its `import.meta`).
 *
 * Its number becomes the exit status; a SetupError becomes one sentence and exit status 1.
 */
export async function main(module, work) {
  const started = process.argv[1];
  if (started === undefined || realpathSync(started) !== module.filename) return;
  try {
    process.exitCode = (await work(process.argv.slice(2))) ?? 0;
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(`\n${error.message}`);
    process.exitCode = 1;
  }
}
