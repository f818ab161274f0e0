/** Wiring: what starts when VS Code starts the extension, and nothing else. */
import * as vscode from "vscode";
import { Answers } from "./answers";
import type { Application } from "./application";
import { registerParticipant } from "./chat";
import { Daemon } from "./client";
import { registerCommands } from "./commands";
import { Comments } from "./comments";
import { watchCursor } from "./cursor";
import { locateDaemon } from "./daemonCommand";
import { Dashboard } from "./dashboard/panel";
import { doctorPage } from "./doctor";
import { showFailure } from "./failure";
import { localFolders } from "./folders";
import { Forge } from "./forge";
import { Notifications as Methods, Requests } from "./generated/protocol";
import { LanguageModels } from "./languageModels";
import { createLog } from "./log";
import { Meter } from "./meter";
import { Notifications } from "./notifications";
import { Pages } from "./pages";
import { Quotes } from "./quote";
import { quotePage } from "./quoteText";
import { markRadarLines } from "./radarLines";
import { Review } from "./review";
import { registerReviewLenses } from "./reviewLenses";
import { Secrets } from "./secrets";
import { Session } from "./session";
import { concernsStart, SECTION } from "./settings";
import { type PlacedTodo, Store } from "./store";
import { followTodoFacts } from "./todoFacts";
import { markTodoLines } from "./todoLines";
import { registerTools } from "./tools";
import { Transcripts } from "./transcript/documents";
import { registerTranscriptFeatures } from "./transcript/features";
import { registerTurnChanges } from "./transcript/turnChanges";
import { sendTrust, tellTrust } from "./trust";
import { CostsView } from "./views/costs/view";
import { QuoteTree } from "./views/quote/view";
import { RunsView } from "./views/runs/view";
import { TodosView } from "./views/todos/view";

let daemon: Daemon | undefined;

/** Called once by VS Code, after its start-up. */
export function activate(context: vscode.ExtensionContext): void {
  const log = createLog();
  const manifest = context.extension.packageJSON;
  log.info(`Contextune ${manifest.version} started`);
  const store = new Store();
  const models = new LanguageModels(context.globalState);
  daemon = new Daemon({
    log,
    locate: () => locateDaemon(context, log),
    settings: Object.keys(manifest.contributes.configuration.properties),
    version: manifest.version,
    answers: models.answers,
    handlers: {
      [Methods.todoChanged]: (todos) => store.setTodos(todos),
      [Methods.quoteChanged]: (quote) => store.setQuote(quote),
      [Methods.runChanged]: (run) => store.setRun(run),
      [Methods.meterChanged]: (meter) => store.setMeter(meter),
    },
  });
  const secrets = new Secrets(context.secrets, daemon);
  const forge = new Forge(daemon);
  const session = new Session(daemon, store, secrets, forge, log);
  const transcripts = new Transcripts(daemon, store, log);
  const { doctor, quotePages } = createPages(daemon, store, log);
  const quotes = new Quotes(daemon, store, secrets);
  const app: Application = {
    log,
    store,
    daemon,
    secrets,
    models,
    forge,
    quotes,
    review: new Review(daemon, store),
    comments: new Comments(daemon, store),
    transcripts,
    doctor,
    quotePages,
    answers: new Answers(daemon, log),
    dashboard: new Dashboard(
      daemon,
      store,
      log,
      vscode.Uri.joinPath(context.extensionUri, "extension", "dist"),
      context.workspaceState,
    ),
    todosView: new TodosView(store, session, context.workspaceState, previews(daemon, log)),
    runsView: new RunsView(store),
    quoteTree: new QuoteTree(quotes, (work) => work.catch((error) => showFailure(error, log)).then(() => {})),
    logFolder: context.logUri.fsPath,
    version: manifest.version,
  };
  context.subscriptions.push(
    ...[
      log,
      daemon,
      forge,
      app.review,
      app.comments,
      registerReviewLenses(daemon, store),
      registerTools(daemon, manifest.contributes.languageModelTools),
      app.todosView,
      quotes,
      app.quoteTree,
      app.answers,
      app.dashboard,
      transcripts,
      registerTranscriptFeatures(transcripts, store),
      registerTurnChanges(daemon),
      doctor,
      quotePages,
    ],
    ...[app.runsView, new CostsView(daemon, store, log), new Meter(store, daemon), new Notifications(store)],
    ...[
      registerCommands(app),
      watchCursor(store),
      markRadarLines(),
      markTodoLines(store, vscode.Uri.joinPath(context.extensionUri, "extension", "media")),
      followTodoFacts(daemon, store, log),
      registerParticipant(app.answers),
      watchWindow(app, session),
    ],
  );
  if (localFolders().length > 0) daemon.start().catch((error) => showFailure(error, log));
}

/** Called by VS Code when the window closes: the daemon ends in order, and its Runs stay resumable. */
export async function deactivate(): Promise<void> {
  await daemon?.stop();
}

function createPages(daemon: Daemon, store: Store, log: Application["log"]) {
  const doctor = new Pages(
    "contextune-doctor",
    async () => doctorPage((await daemon.request(Requests.doctorCheck, null)).checks),
    log,
  );
  const quotePages = new Pages(
    "contextune-quote",
    async (query) => {
      const quote = store.quote(query.get("quoteId") ?? "")?.quote;
      return quote ? quotePage(quote) : vscode.l10n.t("This Quote is no longer open.");
    },
    log,
  );
  store.onChange((change) => {
    if (change.kind === "quote") quotePages.refresh((query) => query.get("quoteId") === change.quote.quoteId);
  });
  return { doctor, quotePages };
}

/** What fetches the code around a Todo; it is left out where it cannot be had. */
function previews(daemon: Daemon, log: Application["log"]) {
  return async ({ folder, todo }: PlacedTodo): Promise<string> => {
    if (daemon.state !== "ready") return "";
    try {
      return (await daemon.request(Requests.todoPreview, { folder, todoId: todo.id })).text;
    } catch (error) {
      log.info(`The code around a Todo of ${todo.path}: ${error instanceof Error ? error.message : String(error)}`);
      return "";
    }
  };
}

/** What the daemon is told when the window changes. */
function watchWindow({ daemon, secrets, store, log }: Application, session: Session): vscode.Disposable {
  const attempt = (work: Promise<unknown>): void => {
    work.catch((error) => log.warn(error instanceof Error ? error.message : String(error)));
  };
  // The daemon reads its settings while it starts: the offline model may be on only after it was asked.
  const unsubscribe = store.onChange(({ kind }) => {
    if (kind === "meter" && store.meter?.offline !== (secrets.source === "offline")) attempt(secrets.handOver());
  });
  return vscode.Disposable.from(
    { dispose: unsubscribe },
    daemon.onState((state) => {
      void vscode.commands.executeCommand("setContext", "contextune.daemon", state);
      if (state === "ready") session.greet().catch((error) => showFailure(error, log));
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => attempt(sendTrust(daemon).then(tellTrust))),
    vscode.workspace.onDidChangeWorkspaceFolders((change) => attempt(session.changeFolders(change))),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (concernsStart(change)) daemon.restart().catch((error) => showFailure(error, log));
      else if (change.affectsConfiguration(SECTION)) attempt(daemon.sendSettings().then(() => secrets.handOver()));
    }),
    secrets.onChange(() => attempt(secrets.handOver())),
  );
}
