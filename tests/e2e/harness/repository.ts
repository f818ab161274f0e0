/** Real git repositories for VS Code to open. */
import { execFileSync } from "node:child_process";
import { mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Runs git in `folder` and returns what it printed, trimmed. Throws when git fails. */
export function git(folder: string, ...args: string[]): string {
  return execFileSync("git", args, { cwd: folder, encoding: "utf8", timeout: 20_000 }).trim();
}

/** Makes a repository of one commit with `files` (path to text) in the new folder `folder`; returns its real path. */
export function makeRepository(folder: string, files: Record<string, string>): string {
  mkdirSync(folder, { recursive: true });
  git(folder, "init", "--quiet", "--initial-branch=main");
  git(folder, "config", "user.name", "A Developer");
  git(folder, "config", "user.email", "developer@example.invalid");
  git(folder, "config", "commit.gpgsign", "false");
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  git(folder, "add", "--all");
  git(folder, "commit", "--quiet", "--message", "Start");
  return realpathSync(folder);
}
