/** The Ledger in the Journal's file, read as it stands on the disk. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { venvProgram } from "../../../extension/scripts/python.mjs";

const program = `
import sqlite3, sys
rows = sqlite3.connect(sys.argv[1]).execute(
    "SELECT counted FROM requests WHERE settled_seq IS NOT NULL ORDER BY settled_seq"
)
print(*(counted for counted, in rows))
`;

/** What had been paid in all after each request of the scenario at `home` was settled, in dollars; zero is the first. */
export function ledgerSums(home: string): readonly number[] {
  const file = join(home, "contextune", "journal.db");
  const printed = execFileSync(venvProgram("python"), ["-c", program, file], { encoding: "utf8" });
  let sum = 0n; // in units of 10^-12 dollars
  const sums = printed
    .trim()
    .split(" ")
    .map((counted) => {
      sum += BigInt(counted);
      return Number(sum) / 1e12;
    });
  return [0, ...sums];
}
