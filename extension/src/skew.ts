/** Whether a daemon and this extension speak the same protocol; each tells its own, so that neither has to guess. */
import type { InitializeResult } from "vscode-languageclient/node";
import { PROTOCOL } from "./generated/protocol";
import { SetupProblem } from "./python/problem";

/** The daemon's version, if its protocol is not ours; undefined if we understand each other. */
function otherVersion(greeting: InitializeResult | undefined): string | undefined {
  const told = greeting?.capabilities.experimental?.contextune?.protocol;
  return told === PROTOCOL ? undefined : (greeting?.serverInfo?.version ?? "?");
}

/**
 * What is wrong with a daemon that greeted; undefined if nothing is.
 *
 * @param named whether the user named it; otherwise it is the one that came with the extension
 * @param version the extension's own
 */
export function skewOf(
  greeting: InitializeResult | undefined,
  named: boolean,
  version: string,
): SetupProblem | undefined {
  const other = otherVersion(greeting);
  if (other === undefined) return undefined;
  return new SetupProblem(named ? "other-daemon" : "stale-daemon", other, version);
}
