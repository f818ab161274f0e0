/** Why the daemon's Python environment can't be made, told apart by what the reader can do about it. */

/** What went wrong. */
export type ProblemKind =
  | "no-python"
  | "bad-python"
  | "no-venv"
  | "no-network"
  | "certificate"
  | "hashes"
  | "disk-full"
  | "not-writable"
  | "no-daemon"
  | "other-daemon"
  | "stale-daemon"
  | "cancelled"
  | "failed";

/** A failure that the user can mend. `detail` is the evidence, such as the last line of pip's output. */
export class SetupProblem extends Error {
  override readonly name = "SetupProblem";
  constructor(
    readonly kind: ProblemKind,
    readonly detail: string,
    /** What would have been right, where `detail` alone does not tell. */
    readonly expected = "",
  ) {
    super(expected === "" ? `${kind}: ${detail}` : `${kind}: ${detail}, expected ${expected}`);
  }
}

const signs: readonly (readonly [RegExp, ProblemKind])[] = [
  [/No space left on device|ENOSPC|not enough space on the disk|os error 28/i, "disk-full"],
  [/Permission denied|EACCES|EROFS|Read-only file system|os error 13/i, "not-writable"],
  [/ensurepip is not (available|currently)|No module named '?(venv|ensurepip)/i, "no-venv"],
  [/CERTIFICATE_VERIFY_FAILED|SSLError|invalid peer certificate/i, "certificate"],
  [
    /name resolution|getaddrinfo failed|nodename nor servname|Name or service not known|NewConnectionError|Max retries exceeded|Network is unreachable|ConnectTimeout|ReadTimeout|Connection refused|ProxyError|dns error|error sending request|Could not fetch URL|connection broken|from versions: none/i,
    "no-network",
  ],
  [/DO NOT MATCH THE HASHES|Hash mismatch/i, "hashes"],
];

const DETAIL_LENGTH = 200;

/** The problem behind a failed step, judged by what the program printed. */
export function problemOf(output: string): SetupProblem {
  const [pattern, kind] = signs.find(([sign]) => sign.test(output)) ?? [/error/i, "failed" as const];
  const lines = output.split(/\r?\n/).filter((line) => line.trim() !== "");
  const telling = lines.findLast((line) => pattern.test(line)) ?? lines.at(-1) ?? "";
  return new SetupProblem(kind, telling.trim().slice(0, DETAIL_LENGTH));
}
