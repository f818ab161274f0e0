/** The dashboard: one page in an editor tab that shows what the daemon says of money. */
import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import type { Daemon } from "../client";
import { localFolders } from "../folders";
import { type DashboardView, Requests } from "../generated/protocol";
import type { Log } from "../log";
import { SECTION } from "../settings";
import type { Store } from "../store";
import { applyChange } from "../suggestion";
import { type FromPage, fromPage, PERIODS, type Period, type ToPage } from "./messages";
import { shell } from "./shell";
import { dashboardWords } from "./words";

/** The kind of the tab, by which VS Code restores it after a reload. */
export const VIEW_TYPE = "contextune.dashboard";

const PERIOD_KEY = "dashboard.period";
const EVERYWHERE_KEY = "dashboard.everywhere";

/** The page is fetched anew at most this often. */
const FETCH_MS = 1000;

/** Shows the dashboard; there is one in a window. */
export class Dashboard implements vscode.Disposable {
  readonly #daemon: Daemon;
  readonly #log: Log;
  readonly #files: vscode.Uri;
  readonly #memory: vscode.Memento;
  readonly #disposables: vscode.Disposable[];
  #panel: vscode.WebviewPanel | undefined;
  #period: Period;
  #everywhere: boolean;
  #shown: DashboardView | undefined;
  #pending: NodeJS.Timeout | undefined;
  #fetchedAt = Number.NEGATIVE_INFINITY;

  /** `files` is the folder of the page's script and style; `memory` keeps what the user chose. */
  constructor(daemon: Daemon, store: Store, log: Log, files: vscode.Uri, memory: vscode.Memento) {
    this.#memory = memory;
    const period = memory.get<string>(PERIOD_KEY);
    this.#period = PERIODS.find((known) => known === period) ?? "month";
    this.#everywhere = memory.get<boolean>(EVERYWHERE_KEY) !== false;
    this.#daemon = daemon;
    this.#log = log;
    this.#files = files;
    const unsubscribe = store.onChange(({ kind }) => {
      if (kind === "meter" || kind === "run") this.#fetchSoon();
    });
    this.#disposables = [
      { dispose: unsubscribe },
      daemon.onState((state) => {
        if (state === "ready") this.#fetchSoon();
      }),
      vscode.workspace.onDidChangeConfiguration((change) => {
        // Suggestions depend on what is set already.
        if (change.affectsConfiguration(SECTION)) this.#fetchSoon();
      }),
      vscode.window.registerWebviewPanelSerializer(VIEW_TYPE, {
        deserializeWebviewPanel: async (panel) => this.#take(panel),
      }),
    ];
  }

  /** Opens the dashboard, or brings it to the front. */
  show(): void {
    if (this.#panel !== undefined) {
      this.#panel.reveal();
      return;
    }
    const options = { enableScripts: true, localResourceRoots: [this.#files], enableFindWidget: true };
    this.#take(vscode.window.createWebviewPanel(VIEW_TYPE, vscode.l10n.t("Costs"), vscode.ViewColumn.Active, options));
  }

  dispose(): void {
    clearTimeout(this.#pending);
    this.#panel?.dispose();
    for (const one of this.#disposables) one.dispose();
  }

  #take(panel: vscode.WebviewPanel): void {
    this.#panel?.dispose();
    this.#panel = panel;
    const { webview } = panel;
    webview.options = { enableScripts: true, localResourceRoots: [this.#files] };
    panel.iconPath = { light: this.#icon("light"), dark: this.#icon("dark") };
    const at = (name: string): string => webview.asWebviewUri(vscode.Uri.joinPath(this.#files, name)).toString();
    panel.onDidDispose(() => {
      if (this.#panel === panel) this.#panel = undefined;
    });
    panel.onDidChangeViewState(() => this.#fetchSoon());
    webview.onDidReceiveMessage((message: unknown) => {
      const said = fromPage(message);
      if (said === undefined) this.#log.warn("The dashboard's page sent what is no message");
      else void this.#answer(said);
    });
    webview.html = shell({
      source: webview.cspSource,
      script: at("dashboard.js"),
      style: at("dashboard.css"),
      nonce: randomBytes(16).toString("hex"),
      title: vscode.l10n.t("Costs"),
      language: vscode.env.language,
    });
  }

  #icon(theme: "light" | "dark"): vscode.Uri {
    return vscode.Uri.joinPath(this.#files, "..", "media", `dashboard-${theme}.svg`);
  }

  async #answer(said: FromPage): Promise<void> {
    try {
      switch (said.kind) {
        case "ready":
          this.#greet();
          return await this.#fetch();
        case "choose":
          this.#period = said.period;
          this.#everywhere = said.everywhere;
          await this.#memory.update(PERIOD_KEY, said.period);
          await this.#memory.update(EVERYWHERE_KEY, said.everywhere);
          return await this.#fetch();
        case "compare":
          return await this.#compare(said.one, said.other);
        case "apply":
          return await this.#apply(said.suggestion);
        case "openRun":
          await vscode.commands.executeCommand("contextune.reviewRun", { runId: said.runId });
          return;
        case "export":
          return await this.#export();
      }
    } catch (error) {
      this.#post({ kind: "problem", text: error instanceof Error ? error.message : String(error), of: said.kind });
    }
  }

  #greet(): void {
    const [folder] = localFolders();
    const name = folder === undefined ? null : (folder.split(/[\\/]/).at(-1) ?? folder);
    const chosen = { period: this.#period, everywhere: this.#everywhere };
    this.#post({ kind: "words", words: dashboardWords(), language: vscode.env.language, folder: name, ...chosen });
  }

  #wanted(): { period: Period; folder: string | null } {
    return { period: this.#period, folder: this.#everywhere ? null : (localFolders()[0] ?? null) };
  }

  async #fetch(): Promise<void> {
    this.#fetchedAt = performance.now();
    const everywhere = this.#everywhere;
    const view = await this.#daemon.request(Requests.costDashboard, this.#wanted());
    this.#shown = view;
    this.#post({ kind: "costs", view, everywhere });
  }

  /** A page that nobody sees is not fetched: it is when it comes to the front. */
  #fetchSoon(): void {
    if (!this.#panel?.visible || this.#daemon.state !== "ready") return;
    const rest = Math.max(0, this.#fetchedAt + FETCH_MS - performance.now());
    this.#pending ??= setTimeout(() => {
      this.#pending = undefined;
      this.#fetch().catch((error) => this.#log.warn(`Dashboard: ${error instanceof Error ? error.message : error}`));
    }, rest);
  }

  async #compare(one: string, other: string): Promise<void> {
    const { folder } = this.#wanted();
    this.#post({ kind: "comparison", view: await this.#daemon.request(Requests.costCompare, { one, other, folder }) });
  }

  async #apply(id: string): Promise<void> {
    const suggestion = this.#shown?.costs.suggestions.find((known) => known.id === id);
    if (suggestion?.apply) await applyChange(suggestion.apply);
  }

  async #export(): Promise<void> {
    const { name, csv } = await this.#daemon.request(Requests.costExport, this.#wanted());
    const folder = localFolders()[0];
    const defaultUri =
      folder === undefined ? vscode.Uri.file(name) : vscode.Uri.joinPath(vscode.Uri.file(folder), name);
    const target = await vscode.window.showSaveDialog({ defaultUri, filters: { CSV: ["csv"] } });
    if (target !== undefined) await vscode.workspace.fs.writeFile(target, new TextEncoder().encode(csv));
  }

  #post(message: ToPage): void {
    void this.#panel?.webview.postMessage(message);
  }
}
