/** The doctor's report as a Markdown page. */
import { l10n } from "vscode";
import type { CheckView } from "./generated/protocol";

const signs: Record<CheckView["state"], string> = { ok: "✓", warning: "!", problem: "✗" };
const order: readonly CheckView["state"][] = ["problem", "warning", "ok"];

/** What was looked at, worst first, each with its remedy. */
export function doctorPage(checks: readonly CheckView[]): string {
  const count = (state: CheckView["state"]): number => checks.filter((check) => check.state === state).length;
  const summary =
    count("problem") + count("warning") === 0
      ? l10n.t("Everything is in order.")
      : l10n.t("Problems: {0}. Warnings: {1}.", count("problem"), count("warning"));
  const lines = [`# ${l10n.t("Contextune Doctor")}`, "", `**${summary}**`, ""];
  for (const state of order) {
    for (const check of checks.filter((one) => one.state === state)) {
      lines.push(`### ${signs[state]} ${check.name}`, "", check.detail, "");
      if (check.remedy !== "") lines.push(`${l10n.t("What to do")}: ${check.remedy}`, "");
    }
  }
  return lines.join("\n");
}
