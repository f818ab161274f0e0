/** A GitHub on loopback for a scenario: the emulator, with one repository, of which the sample is a clone. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ensureEmulator } from "../../../extension/scripts/emulator.mjs";
import { root } from "../../../extension/scripts/steps.mjs";

/** The emulator's own, known to everybody. */
export const token = "test_token_admin";

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === "string") throw new Error("There is no free port.");
  return address.port;
}

/** The emulator and its repository. */
export class GitHub {
  private constructor(
    readonly url: string,
    readonly name: string,
    private readonly process: ChildProcess,
  ) {}

  /** Starts it, and makes the repository `admin/parcel`. */
  static async start(): Promise<GitHub> {
    await ensureEmulator();
    const parts = JSON.parse(readFileSync(join(root, "build", "github-emulator.json"), "utf8"));
    const port = await freePort();
    const child = spawn(parts.node, [parts.emulate, "--service", "github", "--port", String(port)]);
    const lines = createInterface({ input: child.stdout });
    await new Promise<void>((resolve, reject) => {
      child.once("exit", () => reject(new Error("The emulator of GitHub ended.")));
      lines.on("line", (line) => line.includes("Ready") && resolve());
    });
    const github = new GitHub(`http://localhost:${port}`, "admin/parcel", child);
    await github.call("POST", "/user/repos", { name: "parcel", auto_init: true });
    return github;
  }

  /** One request, past the product. */
  async call(method: string, path: string, body?: unknown): Promise<unknown> {
    const headers = { Authorization: `token ${token}`, "Content-Type": "application/json" };
    const reply = await fetch(this.url + path, {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
    });
    if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status}`);
    return reply.json();
  }

  /** Makes a repository a clone of it, whose branches are pushed to a folder. */
  clone(folder: string, bare: string): void {
    const git = (...args: string[]) => execFileSync("git", args, { cwd: folder });
    git("init", "-q", "--bare", bare);
    git("remote", "add", "origin", `${this.url}/${this.name}.git`);
    git("remote", "set-url", "--push", "origin", bare);
    git("update-ref", "refs/remotes/origin/main", "HEAD");
    git("branch", "-q", "--set-upstream-to", "origin/main");
  }

  stop(): void {
    this.process.removeAllListeners("exit");
    this.process.kill("SIGKILL");
  }
}
