/** The set-up's progress and problems in words. */
import { l10n } from "vscode";
import type { Progress } from "./environment";
import type { SetupProblem } from "./problem";

/** One line for the progress notification. */
export function progressText(progress: Progress): string {
  switch (progress.kind) {
    case "environment":
      return l10n.t("making a Python environment");
    case "packages":
      if (progress.name === "") return l10n.t("installing {0} packages", progress.total);
      return l10n.t("installing packages, {0} of {1}: {2}", progress.done, progress.total, progress.name);
    case "daemon":
      return l10n.t("installing the daemon");
  }
}

/** What is wrong and what to do, in two sentences at most. */
export function problemText({ kind, detail, expected }: SetupProblem): string {
  switch (kind) {
    case "no-python":
      return detail === ""
        ? l10n.t("Contextune needs Python 3.11 or later, and found none. Install it, or name it in contextune.python.")
        : l10n.t(
            "Contextune needs Python 3.11 or later; {0}. Install a newer one, or name it in contextune.python.",
            detail,
          );
    case "bad-python":
      return l10n.t("contextune.python: expected the path of a Python 3.11 or later, not this: {0}.", detail);
    case "no-venv":
      return l10n.t(
        "This Python can't make environments: its modules venv and ensurepip are missing. On Debian and Ubuntu, run “sudo apt install python3-venv”.",
      );
    case "no-network":
      return l10n.t(
        "Contextune could not download its Python packages. Check the network and the proxy, then try again. ({0})",
        detail,
      );
    case "certificate":
      return l10n.t(
        "The package index's certificate was refused. Behind a company proxy, set PIP_CERT to its certificate. ({0})",
        detail,
      );
    case "hashes":
      return l10n.t(
        "A downloaded Python package is not the one that Contextune was built with, so it was not installed. ({0})",
        detail,
      );
    case "disk-full":
      return l10n.t("The disk is full. Contextune's Python environment needs about 200 MB.");
    case "not-writable":
      return l10n.t("Contextune can't write its Python environment. ({0})", detail);
    case "no-daemon":
      return l10n.t(
        "This copy of the extension holds no daemon. Build it with “npm run package”, or name an installed contextune in contextune.daemonPath.",
      );
    case "other-daemon":
      return l10n.t(
        "The daemon that contextune.daemonPath names is version {0}, and this extension, version {1}, does not speak its protocol. Update that daemon, or use the one that came with the extension.",
        detail,
        expected,
      );
    case "stale-daemon":
      return l10n.t(
        "The daemon of this extension, version {1}, answers as version {0}, also after it was installed anew. Reinstall the extension.",
        detail,
        expected,
      );
    case "cancelled":
      return l10n.t("Setting up Contextune was cancelled.");
    case "failed":
      return l10n.t("Contextune's Python environment could not be made: {0}", detail);
  }
}
