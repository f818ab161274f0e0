/** The doctor's report as a Markdown page. */
import { l10n } from "vscode";
import type { CheckView } from "./generated/protocol";

const cell = (text: string): string => text.replace(/\s+/g, " ").replace(/\|/g, "\\|");

/** Words that stand alone, as a sentence: beside the name of a check they need not be one. */
function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
}

function concern(sign: string, { name, detail, remedy }: CheckView): string[] {
  const lines = [`### ${sign} ${name}`, "", sentence(detail), ""];
  return remedy === "" ? lines : [...lines, `${l10n.t("What to do")}: ${remedy}`, ""];
}

/** What was looked at: first what is wrong, each with its remedy, then what is in order, as a table. */
export function doctorPage(checks: readonly CheckView[]): string {
  const [problems, warnings, ok] = (["problem", "warning", "ok"] as const).map((state) =>
    checks.filter((check) => check.state === state),
  ) as [CheckView[], CheckView[], CheckView[]];
  const summary =
    problems.length + warnings.length === 0
      ? l10n.t("Everything is in order.")
      : l10n.t("Problems: {0}. Warnings: {1}.", problems.length, warnings.length);
  return [
    ...[`# ${l10n.t("Contextune Doctor")}`, "", `**${summary}**`, ""],
    ...problems.flatMap((check) => concern("✗", check)),
    ...warnings.flatMap((check) => concern("⚠", check)),
    ...(ok.length === 0 ? [] : [`### ✓ ${l10n.t("In order")}`, "", "| | |", "|:--|:--|"]),
    ...ok.map(({ name, detail }) => `| ${cell(name)} | ${cell(detail)} |`),
    "",
  ].join("\n");
}
