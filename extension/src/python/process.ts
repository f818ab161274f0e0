/** One child process, to its end, with its output kept. */
import { spawn } from "node:child_process";
import { problemOf, SetupProblem } from "./problem";

/** The environment of the set-up's programs: none of them has any use for a credential. */
function withoutCredentials(): NodeJS.ProcessEnv {
  const { ANTHROPIC_API_KEY: _key, ANTHROPIC_AUTH_TOKEN: _token, GITHUB_TOKEN: _forge, ...rest } = process.env;
  return { ...rest, PIP_DISABLE_PIP_VERSION_CHECK: "1", PIP_NO_INPUT: "1", PYTHONUTF8: "1" };
}

/** What to run, and who listens. */
export interface Step {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly signal?: AbortSignal;
  /** Called with every line of output. */
  readonly onLine?: (line: string) => void;
}

/**
 * Runs a program and returns what it printed.
 *
 * Throws SetupProblem if it can't be started, ends with another status than 0, or `signal` is aborted.
 */
export async function run({ command, args, cwd, signal, onLine }: Step): Promise<string> {
  const child = spawn(command, args, { cwd, env: withoutCredentials(), stdio: ["ignore", "pipe", "pipe"], signal });
  let output = "";
  let pending = "";
  const take = (chunk: string): void => {
    output += chunk;
    const lines = (pending + chunk).split(/\r?\n/);
    pending = lines.pop() ?? "";
    for (const line of lines) onLine?.(line);
  };
  child.stdout.setEncoding("utf8").on("data", take);
  child.stderr.setEncoding("utf8").on("data", take);
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once("error", (error) => {
      if (signal?.aborted) reject(new SetupProblem("cancelled", command));
      else reject(new SetupProblem("failed", error.message));
    });
    child.once("close", resolve);
  });
  if (status !== 0) throw problemOf(output || `${command} ended with status ${status}`);
  return output;
}
