/** Finding a Python that can run the daemon. */
import { SetupProblem } from "./problem";
import { run } from "./process";

/** The oldest Python that the daemon runs on. */
export const OLDEST = { major: 3, minor: 11 } as const;

/** A Python that was found. */
export interface Interpreter {
  /** The full path of the program, as it gave it itself. */
  readonly executable: string;
  /** Such as `3.12.4`. */
  readonly version: string;
}

/** How a Python may be called: a program and what stands before the rest of the arguments. */
export type Candidate = readonly [command: string, ...args: string[]];

/** The Pythons to try, best first. A configured one stands alone: whoever names it wants no other. */
export function candidates(configured: string, platform: NodeJS.Platform): readonly Candidate[] {
  if (configured !== "") return [[configured]];
  if (platform === "win32") return [["py", "-3"], ["python"], ["python3"]];
  return [["python3.13"], ["python3.12"], ["python3.11"], ["python3.14"], ["python3"], ["python"]];
}

/** Whether a version such as `3.11.7` is new enough. */
export function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > OLDEST.major || (major === OLDEST.major && minor >= OLDEST.minor);
}

const question = "import sys; print('%d.%d.%d' % sys.version_info[:3]); print(sys.executable)";

async function ask([command, ...args]: Candidate): Promise<Interpreter | undefined> {
  try {
    const [version, executable] = (await run({ command, args: [...args, "-I", "-c", question] })).split(/\r?\n/);
    return version && executable ? { version, executable } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The first Python that is new enough.
 *
 * Throws SetupProblem: `bad-python` if the configured one does not do, `no-python` if none was found.
 */
export async function findInterpreter(configured: string, platform = process.platform): Promise<Interpreter> {
  const seen: string[] = [];
  for (const candidate of candidates(configured, platform)) {
    const found = await ask(candidate);
    if (found === undefined) continue;
    if (isNewEnough(found.version)) return found;
    seen.push(`${candidate.join(" ")} is ${found.version}`);
  }
  if (configured !== "") throw new SetupProblem("bad-python", seen[0] ?? configured);
  throw new SetupProblem("no-python", seen.join(", "));
}
