/** From Todos or a Goal to a Run: the Quote is made, shown, edited and approved. */
import * as vscode from "vscode";
import type { Daemon } from "./client";
import {
  type QuoteArrangeParams,
  type QuoteChanged,
  type QuoteCreateParams,
  type QuoteView,
  Requests,
  type TaskEdit,
} from "./generated/protocol";
import { choicesOf, overlapsOf } from "./overlapText";
import type { Pages } from "./pages";
import { quoteTitle, quoteWarnings, quoteWaves } from "./quoteText";
import type { Secrets } from "./secrets";
import { SECTION } from "./settings";
import type { Store } from "./store";
import { workspaceIsTrusted } from "./trust";

interface Row extends vscode.QuickPickItem {
  readonly taskId?: string;
}

interface Draft {
  /** As it is now: choices about overlapping Tasks change it. */
  quote: QuoteView;
  ticked: ReadonlySet<string>;
  readonly briefs: Map<string, string>;
  /** Where the user wants a Task to begin: a place on the Quote's ladder. */
  readonly starts: Map<string, number>;
}

type Choice =
  | { readonly kind: "start" }
  | { readonly kind: "page" }
  | { readonly kind: "edit" | "pin" | "arrange"; readonly taskId: string };

/** Milliseconds that a Quote may take before a notification tells of it. */
const UNTOLD_MS = 1000;

/** Makes Quotes and has them approved. */
export class Quotes {
  constructor(
    private readonly daemon: Daemon,
    private readonly store: Store,
    private readonly secrets: Secrets,
    private readonly pages: Pages,
  ) {}

  /** Quotes what `params` names and, if the user approves, starts the Run and returns its id. */
  async approve(params: QuoteCreateParams): Promise<string | undefined> {
    if (!(await workspaceIsTrusted()) || !(await this.secrets.ready())) return undefined;
    const quote = await this.#planned(params);
    if (quote === undefined) return undefined;
    const ticked = new Set(quote.tasks.map(({ id }) => id));
    const draft: Draft = { quote, ticked, briefs: new Map(), starts: new Map() };
    for (;;) {
      const choice = await this.#choose(draft);
      if (choice?.kind === "page") await this.pages.open(draft.quote.title, { quoteId: draft.quote.id });
      else if (choice?.kind === "edit") await editBrief(draft.quote, draft, choice.taskId);
      else if (choice?.kind === "pin") await pinStart(draft.quote, draft, choice.taskId);
      else if (choice?.kind === "arrange") await this.#settle(draft, choice.taskId);
      else if (choice?.kind === "start") {
        const runId = await this.#start(draft);
        if (runId !== undefined) return runId;
      } else return this.#leave(draft);
    }
  }

  /** Changes how two Tasks of an open Quote run; whoever shows that Quote shows it anew. */
  async arrange(params: QuoteArrangeParams): Promise<void> {
    this.store.setQuote(await this.daemon.request(Requests.quoteArrange, params));
  }

  /** Asks what to do about the Tasks that a Task overlaps with. */
  async #settle(draft: Draft, taskId: string): Promise<void> {
    const chosen = await vscode.window.showQuickPick(choicesOf(draft.quote, taskId), {
      title: draft.quote.tasks.find(({ id }) => id === taskId)?.title ?? "",
      placeHolder: vscode.l10n.t("What shall become of Tasks that share something?"),
      ignoreFocusOut: true,
    });
    if (chosen === undefined) return;
    await this.arrange(chosen.params);
    follow(draft, this.store.quote(draft.quote.id)?.quote ?? draft.quote);
  }

  /** Shows the Quote until the user decides; it follows what is settled meanwhile on the TODO lines. */
  async #choose(draft: Draft): Promise<Choice | undefined> {
    const shown = show(draft);
    const unsubscribe = this.store.onChange((change) => {
      if (change.kind !== "quote" || change.quote.quoteId !== draft.quote.id || change.quote.quote === null) return;
      follow(draft, change.quote.quote);
      shown.refresh();
    });
    return shown.choice.finally(unsubscribe);
  }

  async #leave({ quote }: Draft): Promise<undefined> {
    this.store.dropQuote(quote.id);
    await this.daemon.request(Requests.quoteLeave, { quoteId: quote.id });
  }

  async #start(draft: Draft): Promise<string | undefined> {
    const { quote } = draft;
    const edits = quote.tasks.flatMap(({ id }): TaskEdit[] => {
      const brief = draft.briefs.get(id);
      const start = draft.starts.get(id);
      if (!draft.ticked.has(id)) return [{ id, include: false }];
      return brief === undefined && start === undefined ? [] : [{ id, brief, start }];
    });
    const issues = await issuesWanted();
    if (issues === undefined) return undefined;
    const { runId } = await this.daemon.request(Requests.runStart, { quoteId: quote.id, edits, issues });
    this.store.dropQuote(quote.id);
    this.store.setRun(await this.daemon.request(Requests.runGet, { runId }));
    return runId;
  }

  /** The Quote once it is ready; undefined if the user stops waiting. Throws what made it fail. */
  async #planned(params: QuoteCreateParams): Promise<QuoteView | undefined> {
    const { quoteId } = await this.daemon.request(Requests.quoteCreate, params);
    const { ready, stop, follow } = this.#awaited(quoteId);
    // VS Code keeps a notification for most of a second: it would lie over a Quote that is there sooner.
    const patience = new Promise<"late">((resolve) => setTimeout(resolve, UNTOLD_MS, "late"));
    if ((await Promise.race([ready, patience])) !== "late") return ready;
    const options = {
      location: vscode.ProgressLocation.Notification,
      title: vscode.l10n.t("Making a Quote"),
      cancellable: true,
    };
    return vscode.window.withProgress(options, (progress, token) => {
      token.onCancellationRequested(stop);
      follow((message) => progress.report({ message }));
      return ready;
    });
  }

  /** A Quote in the making: what becomes of it, a way to stop waiting, and one to hear how far it is. */
  #awaited(quoteId: string) {
    let tell: (stage: string) => void = () => {};
    let stop: () => void = () => {};
    const ready = new Promise<QuoteView | undefined>((resolve, reject) => {
      const take = (news: QuoteChanged | undefined): void => {
        if (news === undefined) return;
        if (news.state === "planning") tell(news.stage);
        else unsubscribe();
        if (news.state === "ready") resolve(news.quote ?? undefined);
        if (news.state === "failed") reject(new Error(news.stage));
      };
      const unsubscribe = this.store.onChange((change) => {
        if (change.kind === "quote" && change.quote.quoteId === quoteId) take(change.quote);
      });
      stop = () => {
        unsubscribe();
        resolve(undefined);
      };
      take(this.store.quote(quoteId));
    });
    const follow = (listener: (stage: string) => void): void => {
      tell = listener;
      const news = this.store.quote(quoteId);
      if (news?.state === "planning") tell(news.stage);
    };
    return { ready, stop, follow };
  }
}

/** Takes over a Quote that was settled anew; words that the user gave a Task go where it became another one. */
function follow(draft: Draft, quote: QuoteView): void {
  const before = new Map(draft.quote.tasks.map(({ id, brief }) => [id, brief]));
  for (const { id, brief } of quote.tasks) if (before.get(id) !== brief) draft.briefs.delete(id);
  draft.quote = quote;
}

function rowsOf({ quote, briefs, starts }: Draft): Row[] {
  const edit: vscode.QuickInputButton = {
    iconPath: new vscode.ThemeIcon("edit"),
    tooltip: vscode.l10n.t("Edit the brief"),
  };
  const pin: vscode.QuickInputButton = {
    iconPath: new vscode.ThemeIcon("pin"),
    tooltip: vscode.l10n.t("Choose where it begins"),
  };
  const arrange: vscode.QuickInputButton = {
    iconPath: new vscode.ThemeIcon("git-compare"),
    tooltip: vscode.l10n.t("Settle what it shares with other Tasks"),
  };
  return quoteWaves(quote, starts).flatMap(({ heading, rows }) => [
    { label: heading, kind: vscode.QuickPickItemKind.Separator },
    ...rows.map(({ id, label, description, detail }) => ({
      taskId: id,
      label: briefs.has(id) ? vscode.l10n.t("{0} (edited)", label) : label,
      description,
      detail,
      buttons: overlapsOf(quote, id).length > 0 ? [edit, pin, arrange] : [edit, pin],
    })),
  ]);
}

/** Shows the Quote once; the choice is undefined if the user leaves it. */
function show(draft: Draft): { readonly choice: Promise<Choice | undefined>; refresh(): void } {
  const pick = vscode.window.createQuickPick<Row>();
  pick.placeholder = vscode.l10n.t("Enter starts the Run with the ticked Tasks; Esc leaves it");
  pick.canSelectMany = true;
  pick.ignoreFocusOut = true;
  pick.matchOnDetail = true;
  pick.buttons = [{ iconPath: new vscode.ThemeIcon("preview"), tooltip: vscode.l10n.t("Read the whole Quote") }];
  const fill = (ticked: ReadonlySet<string>): void => {
    pick.title = quoteTitle(draft.quote);
    pick.items = rowsOf(draft);
    pick.selectedItems = pick.items.filter(({ taskId }) => taskId !== undefined && ticked.has(taskId));
  };
  const tickedNow = (): Set<string> => new Set(pick.selectedItems.flatMap(({ taskId }) => taskId ?? []));
  fill(draft.ticked);
  showWarnings(pick, quoteWarnings(draft.quote));
  const choice = new Promise<Choice | undefined>((resolve) => {
    const end = (chosen: Choice | undefined): void => {
      const ticked = tickedNow();
      if (chosen?.kind === "start" && ticked.size === 0) {
        pick.placeholder = vscode.l10n.t("Tick at least one Task, or press Esc to leave the Quote");
        return;
      }
      draft.ticked = ticked;
      resolve(chosen);
      pick.dispose();
    };
    pick.onDidAccept(() => end({ kind: "start" }));
    pick.onDidTriggerButton(() => end({ kind: "page" }));
    pick.onDidTriggerItemButton(({ item, button }) => {
      const kind = (["edit", "pin", "arrange"] as const)[item.buttons?.indexOf(button) ?? -1];
      if (item.taskId !== undefined && kind !== undefined) end({ kind, taskId: item.taskId });
    });
    pick.onDidHide(() => end(undefined));
    pick.show();
  });
  return { choice, refresh: () => fill(tickedNow()) };
}

/** Beside the rows where this VS Code can do so, else as a notification: they must be seen before Enter. */
function showWarnings(pick: vscode.QuickPick<Row>, warnings: readonly string[]): void {
  if (warnings.length === 0) return;
  const text = warnings.join(" ");
  if ("prompt" in pick) (pick as { prompt: string | undefined }).prompt = text;
  else void vscode.window.showWarningMessage(text);
}

async function editBrief(quote: QuoteView, draft: Draft, taskId: string): Promise<void> {
  const task = quote.tasks.find(({ id }) => id === taskId);
  if (task === undefined) return;
  const brief = await vscode.window.showInputBox({
    title: task.title,
    prompt: vscode.l10n.t("What the agent is told to do"),
    value: draft.briefs.get(taskId) ?? task.brief,
    ignoreFocusOut: true,
    validateInput: (value) => (value.trim() === "" ? vscode.l10n.t("A brief can't be empty") : undefined),
  });
  if (brief !== undefined && brief !== task.brief) draft.briefs.set(taskId, brief.trim());
}

async function pinStart(quote: QuoteView, draft: Draft, taskId: string): Promise<void> {
  const task = quote.tasks.find(({ id }) => id === taskId);
  if (task === undefined) return;
  const rungs = quote.ladder.map(({ text }, start) => ({
    label: text,
    start,
    description: start === task.start ? vscode.l10n.t("as quoted") : "",
  }));
  const chosen = await vscode.window.showQuickPick(rungs, {
    title: task.title,
    placeHolder: vscode.l10n.t("Where its first agent works; red tests still take it up from there"),
    ignoreFocusOut: true,
  });
  if (chosen?.start === task.start) draft.starts.delete(taskId);
  else if (chosen !== undefined) draft.starts.set(taskId, chosen.start);
}

/** Whether the Run makes issues on GitHub: null for what the settings say; undefined if it is not to start after all. */
async function issuesWanted(): Promise<boolean | null | undefined> {
  if (vscode.workspace.getConfiguration(SECTION).get<string>("issues") !== "ask") return null;
  const make = vscode.l10n.t("Make Issues");
  const without = vscode.l10n.t("Start Without");
  const text = vscode.l10n.t("Make issues on GitHub for this Run?");
  const said = await vscode.window.showInformationMessage(text, { modal: true }, make, without);
  return said === undefined ? undefined : said === make;
}
