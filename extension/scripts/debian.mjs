/** Debian packages that the set-up needs: installed where that is possible, asked for in one sentence where not. */
import { existsSync } from "node:fs";
import { read, run, SetupError, step } from "./steps.mjs";

let listsAreFresh = false;

/** The packages of `names` that dpkg does not know as installed. */
function missing(names) {
  return names.filter((name) => !read("dpkg-query", ["--status", name])?.includes("\nStatus: install ok installed\n"));
}

/**
 * Makes sure that Debian packages are installed.
 *
 * @param {string[]} names package names; with none, nothing is done
 * @param {string} purpose what needs them, for the message: "the end-to-end tests"
 * @throws {SetupError} when they are missing and this user or system can't install them
 */
export async function ensureDebianPackages(names, purpose) {
  if (names.length === 0) return;
  if (!existsSync("/usr/bin/dpkg-query")) {
    throw new SetupError(
      `What Debian calls ${names.join(", ")} is needed for ${purpose}: install it with your system's package manager.`,
    );
  }
  const wanted = missing(names);
  if (wanted.length === 0) return;
  if (process.getuid() !== 0) {
    const command = `sudo apt-get install ${wanted.join(" ")}`;
    throw new SetupError(`Debian packages are needed for ${purpose}: run "${command}", then this command again.`);
  }
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  await step(`Installing Debian packages for ${purpose}: ${wanted.join(" ")}`, async () => {
    if (!listsAreFresh) await run("apt-get", ["update", "-qq"], { env, quiet: true });
    listsAreFresh = true;
    await run("apt-get", ["install", "-y", "--no-install-recommends", ...wanted], { env, quiet: true });
  });
}
