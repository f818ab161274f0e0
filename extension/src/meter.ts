/** The status-bar meter. */
import * as vscode from "vscode";
import type { Daemon } from "./client";
import { Coalesced } from "./coalesce";
import type { MeterView } from "./generated/protocol";
import { meterLabel, meterText, meterTooltip } from "./meterText";
import type { Store } from "./store";

const backgrounds: Partial<Record<MeterView["level"], string>> = {
  asking: "statusBarItem.warningBackground",
  near_budget: "statusBarItem.warningBackground",
  parked: "statusBarItem.errorBackground",
};

/** States of a Run whose dollars the meter sums, as the daemon does. */
const LIVE: ReadonlySet<string> = new Set(["running", "paused", "parked"]);

/** Milliseconds between two draws of the meter: a figure that moves faster is not read. */
const REST_MS = 400;

/** Shows what the daemon says that has been spent; a click opens the costs. */
export class Meter implements vscode.Disposable {
  readonly #item: vscode.StatusBarItem;
  readonly #disposables: vscode.Disposable[];

  constructor(store: Store, daemon: Daemon) {
    this.#item = vscode.window.createStatusBarItem("contextune.meter", vscode.StatusBarAlignment.Left, 10);
    this.#item.name = vscode.l10n.t("Contextune Meter");
    const drawing = new Coalesced(REST_MS, () => this.#draw(store, daemon));
    const unsubscribe = store.onChange(({ kind }) => {
      if (kind === "meter") drawing.ask();
    });
    this.#disposables = [
      this.#item,
      drawing,
      { dispose: unsubscribe },
      daemon.onState(() => this.#draw(store, daemon)),
    ];
  }

  dispose(): void {
    for (const one of this.#disposables) one.dispose();
  }

  #draw(store: Store, daemon: Daemon): void {
    const item = this.#item;
    const meter = store.meter;
    if (daemon.state === "failed" || daemon.state === "stopped") {
      item.text = "$(warning) Contextune";
      item.tooltip = vscode.l10n.t("The daemon does not run. Click to start it.");
      item.command = "contextune.restartDaemon";
      item.backgroundColor = undefined;
    } else if (daemon.state === "starting" || meter === undefined) {
      item.text = daemon.state === "starting" ? "$(loading~spin) Contextune" : "$(pulse) Contextune";
      item.tooltip = daemon.state === "starting" ? vscode.l10n.t("The daemon is starting") : undefined;
      item.command = "contextune.openDashboard";
      item.backgroundColor = undefined;
    } else {
      item.text = meterText(meter);
      item.accessibilityInformation = { label: meterLabel(meter) };
      item.tooltip = new vscode.MarkdownString(
        meterTooltip(meter, store.runs().filter(({ state }) => LIVE.has(state)).length),
      );
      item.command = "contextune.openDashboard";
      const background = backgrounds[meter.level];
      item.backgroundColor = background === undefined ? undefined : new vscode.ThemeColor(background);
    }
    item.show();
  }
}
