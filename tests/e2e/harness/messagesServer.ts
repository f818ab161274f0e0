/** A server of the Messages API on loopback that plays a script: what the key's owner would pay, without paying. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { venvProgram } from "../../../extension/scripts/python.mjs";
import { root } from "../../../extension/scripts/steps.mjs";

const startLimit = 20_000;

/** The server's address on its first line of output. */
function listeningAddress(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = "";
    const fail = (reason: string) => reject(new Error(`The Messages server ${reason}:\n${output}`));
    const timer = setTimeout(() => fail(`did not listen within ${startLimit / 1000} s`), startLimit);
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      const address = output.match(/http:\/\/[\w.:]+/)?.[0];
      if (address === undefined) return;
      clearTimeout(timer);
      // A key is wanted for any server but one on loopback; this address leads there, and does not say so.
      resolve(address.replace("127.0.0.1", "0.0.0.0"));
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", read);
    child.once("exit", (code) => fail(`ended with status ${code}`));
  });
}

/** A running server. */
export class MessagesServer {
  private constructor(
    /** Where it listens, for ANTHROPIC_BASE_URL. */
    readonly url: string,
    private readonly child: ChildProcess,
    /** The file with its requests, a line of JSON each. */
    readonly log: string,
  ) {}

  /** Starts a server that plays `script`, or those that ship, and writes its requests to the file `log`. */
  static async start(script: string | undefined, log: string): Promise<MessagesServer> {
    const args = ["offline-model", ...(script === undefined ? [] : ["--script", script]), "--log", log];
    const child = spawn(venvProgram("contextune"), args, { stdio: ["ignore", "pipe", "pipe"] });
    return new MessagesServer(await listeningAddress(child), child, log);
  }

  /** The number of requests that it has answered. */
  requests(): number {
    return readFileSync(this.log, "utf8").split("\n").filter(Boolean).length;
  }

  /** Ends it; returns when it is gone. */
  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.kill("SIGTERM");
    await gone;
  }
}

/** Plays `tests/e2e/scripts/<name>.toml` as long as the test file runs. */
export async function playScript(name: string): Promise<MessagesServer> {
  return serve(join(root, "tests", "e2e", "scripts", `${name}.toml`));
}

/** Plays what the offline model plays, as long as the test file runs. */
export async function playBuiltInScripts(): Promise<MessagesServer> {
  return serve(undefined);
}

async function serve(script: string | undefined): Promise<MessagesServer> {
  const folder = mkdtempSync(join(tmpdir(), "contextune-messages-"));
  const server = await MessagesServer.start(script, join(folder, "log.jsonl"));
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  return server;
}
