/** Debian packages that the set-up needs: installed where that is possible, asked for in one sentence where not. */
import { existsSync } from "node:fs";
import { read, run, SetupError, step, works } from "./steps.mjs";

let listsAreFresh = false;

/** The packages of `names` that dpkg does not know as installed. */
function missing(names) {
  return names.filter((name) => !read("dpkg-query", ["--status", name])?.includes("\nStatus: install ok installed\n"));
}

/**
 * Makes sure that Debian packages are installed.
 *
 * @param {string[]} names package names
 * @param {string} purpose what needs them, for the message: "the end-to-end tests"
 * @throws {SetupError} when they are missing and this user or system can't install them
 */
export async function ensureDebianPackages(names, purpose) {
  if (!existsSync("/usr/bin/dpkg-query")) {
    throw new SetupError(
      `${purpose} need what Debian calls ${names.join(", ")}; install these with your system's package manager.`,
    );
  }
  const wanted = missing(names);
  if (wanted.length === 0) return;
  if (process.getuid() !== 0) {
    throw new SetupError(
      `${purpose} need Debian packages: run "sudo apt-get install ${wanted.join(" ")}", then this command again.`,
    );
  }
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  await step(`Installing Debian packages for ${purpose}: ${wanted.join(" ")}`, async () => {
    if (!listsAreFresh) await run("apt-get", ["update", "-qq"], { env, quiet: true });
    listsAreFresh = true;
    await run("apt-get", ["install", "-y", "--no-install-recommends", ...wanted], { env, quiet: true });
  });
  if (!works("dpkg-query", ["-W", ...wanted])) throw new SetupError(`apt-get did not install ${wanted.join(" ")}.`);
}
