/** Sign-in to GitHub by the editor's own session, whose token goes to the daemon's memory and nowhere else. */
import * as vscode from "vscode";
import type { Daemon } from "./client";
import { type ForgeState, Requests } from "./generated/protocol";

/** Contents, issues and pull requests of private repositories too: GitHub has nothing smaller for a person's session. */
const SCOPES = ["repo"];

/** The provider of VS Code for a host; undefined if there is none. */
function providerOf(host: string): string | undefined {
  if (host === "github.com") return "github";
  const server = vscode.workspace.getConfiguration("github-enterprise").get<string>("uri") ?? "";
  return URL.canParse(server) && new URL(server).hostname === host ? "github-enterprise" : undefined;
}

/** Hands the editor's session over. */
export class Forge implements vscode.Disposable {
  readonly #sessions: vscode.Disposable;
  /** The host that the daemon knows, once it has said so. */
  #host: string | undefined;

  constructor(private readonly daemon: Daemon) {
    this.#sessions = vscode.authentication.onDidChangeSessions(({ provider }) => {
      // The daemon may be on its way up or down; it is told again once it is ready.
      if (provider.id.startsWith("github")) void this.handOver().then(undefined, () => undefined);
    });
  }

  /** Hands over the session that the user has let this extension use, if there is one. Asks nobody. */
  async handOver(): Promise<ForgeState> {
    return this.#sign({ silent: true });
  }

  /** Asks the user to sign in. Throws what keeps them from it. */
  async signIn(): Promise<ForgeState> {
    return this.#sign({ createIfNone: true });
  }

  /** Whether somebody is signed in; asks the user to if not. */
  async ready(): Promise<boolean> {
    const state = await this.handOver();
    return state.source !== "none" || (await this.signIn()).source !== "none";
  }

  dispose(): void {
    this.#sessions.dispose();
  }

  async #sign(options: vscode.AuthenticationGetSessionOptions): Promise<ForgeState> {
    const signIn = (token: string | null) => this.daemon.request(Requests.forgeSignIn, { token });
    this.#host ??= (await signIn(null)).host;
    const provider = providerOf(this.#host);
    if (provider === undefined) return signIn(null); // a token is for its own host alone
    const session = await vscode.authentication.getSession(provider, SCOPES, options);
    return signIn(session?.accessToken ?? null);
  }
}
