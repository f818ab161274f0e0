/**
 * The API key: kept in the editor's SecretStorage and handed to the daemon's memory, and nowhere else: not in
 * settings, arguments, environments or logs.
 */
import * as vscode from "vscode";
import type { Daemon } from "./client";
import { type CredentialState, Requests } from "./generated/protocol";

const NAME = "contextune.apiKey";
const CONTEXT = "contextune.credential";
const SETTINGS_MS = 10_000;

/** Holds the key and tells the daemon of it. */
export class Secrets {
  readonly #storage: vscode.SecretStorage;
  readonly #daemon: Daemon;
  readonly #sources = new vscode.EventEmitter<CredentialState["source"]>();
  #source: CredentialState["source"] | undefined;

  constructor(storage: vscode.SecretStorage, daemon: Daemon) {
    this.#storage = storage;
    this.#daemon = daemon;
  }

  /** From where work can be paid for, once the daemon has said so. */
  get source(): CredentialState["source"] | undefined {
    return this.#source;
  }

  /** Fires when another window changed the key. */
  onChange(listener: () => void): vscode.Disposable {
    return this.#storage.onDidChange(({ key }) => {
      if (key === NAME) listener();
    });
  }

  /** Hands the stored key, or none, to the daemon, and learns from where it will pay. */
  async handOver(): Promise<CredentialState["source"]> {
    const apiKey = (await this.#storage.get(NAME)) ?? null;
    const { source } = await this.#daemon.request(Requests.credentialSet, { apiKey });
    this.#source = source;
    this.#sources.fire(source);
    await vscode.commands.executeCommand("setContext", CONTEXT, source);
    return source;
  }

  /** Asks for a key and keeps it; an empty one forgets the stored key. Returns whether anything changed. */
  async ask(): Promise<boolean> {
    const stored = (await this.#storage.get(NAME)) !== undefined;
    const key = await vscode.window.showInputBox({
      title: vscode.l10n.t("Anthropic API Key"),
      prompt: stored
        ? vscode.l10n.t("Kept in the editor's secret storage. Leave it empty to forget the stored key.")
        : vscode.l10n.t("Kept in the editor's secret storage, and sent to the model's server alone."),
      placeHolder: "sk-ant-…",
      password: true,
      ignoreFocusOut: true,
    });
    if (key === undefined) return false;
    if (key.trim() === "") await this.#storage.delete(NAME);
    else await this.#storage.store(NAME, key.trim());
    await this.handOver();
    return true;
  }

  /** Whether work can be paid for; offers to enter a key if not. */
  async ready(): Promise<boolean> {
    const source = this.#source ?? (await this.handOver());
    if (source !== "none") return true;
    // A daemon that has only just started may not have read this setting yet.
    if (vscode.workspace.getConfiguration("contextune").get<boolean>("offline") === true && (await this.becomesReady()))
      return true;
    const enter = vscode.l10n.t("Enter API Key");
    const offline = vscode.l10n.t("Use Offline Model");
    const editors = vscode.l10n.t("Use VS Code's Models");
    const text = vscode.l10n.t(
      "Contextune has no API key, so no agent can work. Enter one, use the models that VS Code offers, or the offline model, which is scripted, costs nothing and is no AI.",
    );
    const chosen = await vscode.window.showWarningMessage(text, enter, editors, offline);
    if (chosen === enter) return (await this.ask()) && this.#source !== "none";
    if (chosen === editors) {
      await vscode.commands.executeCommand("contextune.useEditorModels");
      return this.#source !== "none";
    }
    if (chosen === offline) {
      await vscode.workspace.getConfiguration("contextune").update("offline", true, vscode.ConfigurationTarget.Global);
      return this.becomesReady();
    }
    return false;
  }

  /** Waits until a change of settings has reached the daemon and it has a way to pay; false if that takes too long. */
  becomesReady(): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (ready: boolean): void => {
        clearTimeout(timer);
        listening.dispose();
        resolve(ready);
      };
      const listening = this.#sources.event((source) => {
        if (source !== "none") end(true);
      });
      const timer = setTimeout(() => end(false), SETTINGS_MS);
      if (this.#source !== "none") end(true);
    });
  }
}
