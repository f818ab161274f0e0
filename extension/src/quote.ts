/** From Todos or a Goal to a Run: the Quote is made, shown, edited and approved. */
import * as vscode from "vscode";
import type { Daemon } from "./client";
import {
  type QuoteChanged,
  type QuoteCreateParams,
  type QuoteView,
  Requests,
  type TaskEdit,
} from "./generated/protocol";
import type { Pages } from "./pages";
import { quoteTitle, quoteWarnings, quoteWaves } from "./quoteText";
import type { Secrets } from "./secrets";
import type { Store } from "./store";
import { workspaceIsTrusted } from "./trust";

interface Row extends vscode.QuickPickItem {
  readonly taskId?: string;
}

interface Draft {
  ticked: ReadonlySet<string>;
  readonly briefs: Map<string, string>;
  /** Where the user wants a Task to begin: a place on the Quote's ladder. */
  readonly starts: Map<string, number>;
}

type Choice =
  | { readonly kind: "start" }
  | { readonly kind: "page" }
  | { readonly kind: "edit" | "pin"; readonly taskId: string };

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
    const draft: Draft = { ticked: new Set(quote.tasks.map(({ id }) => id)), briefs: new Map(), starts: new Map() };
    for (;;) {
      const choice = await choose(quote, draft);
      if (choice?.kind === "page") await this.pages.open(quote.title, { quoteId: quote.id });
      else if (choice?.kind === "edit") await editBrief(quote, draft, choice.taskId);
      else if (choice?.kind === "pin") await pinStart(quote, draft, choice.taskId);
      else if (choice?.kind === "start") return this.#start(quote, draft);
      else return undefined;
    }
  }

  async #start(quote: QuoteView, draft: Draft): Promise<string> {
    const edits = quote.tasks.flatMap(({ id }): TaskEdit[] => {
      const brief = draft.briefs.get(id);
      const start = draft.starts.get(id);
      if (!draft.ticked.has(id)) return [{ id, include: false }];
      return brief === undefined && start === undefined ? [] : [{ id, brief, start }];
    });
    const { runId } = await this.daemon.request(Requests.runStart, { quoteId: quote.id, edits });
    this.store.dropQuote(quote.id);
    this.store.setRun(await this.daemon.request(Requests.runGet, { runId }));
    return runId;
  }

  /** The Quote once it is ready; undefined if the user stops waiting. Throws what made it fail. */
  #planned(params: QuoteCreateParams): Thenable<QuoteView | undefined> {
    const options = {
      location: vscode.ProgressLocation.Notification,
      title: vscode.l10n.t("Making a Quote"),
      cancellable: true,
    };
    return vscode.window.withProgress(options, async (progress, token) => {
      const { quoteId } = await this.daemon.request(Requests.quoteCreate, params);
      return new Promise<QuoteView | undefined>((resolve, reject) => {
        const take = (news: QuoteChanged | undefined): void => {
          if (news === undefined) return;
          if (news.state === "planning") progress.report({ message: news.stage });
          else stop();
          if (news.state === "ready") resolve(news.quote ?? undefined);
          if (news.state === "failed") reject(new Error(news.stage));
        };
        const unsubscribe = this.store.onChange((change) => {
          if (change.kind === "quote" && change.quote.quoteId === quoteId) take(change.quote);
        });
        const cancelled = token.onCancellationRequested(() => {
          stop();
          resolve(undefined);
        });
        const stop = (): void => {
          unsubscribe();
          cancelled.dispose();
        };
        take(this.store.quote(quoteId));
      });
    });
  }
}

function rowsOf(quote: QuoteView, { briefs, starts }: Draft): Row[] {
  const edit: vscode.QuickInputButton = {
    iconPath: new vscode.ThemeIcon("edit"),
    tooltip: vscode.l10n.t("Edit the brief"),
  };
  const pin: vscode.QuickInputButton = {
    iconPath: new vscode.ThemeIcon("pin"),
    tooltip: vscode.l10n.t("Choose where it begins"),
  };
  return quoteWaves(quote, starts).flatMap(({ heading, rows }) => [
    { label: heading, kind: vscode.QuickPickItemKind.Separator },
    ...rows.map(({ id, label, description, detail }) => ({
      taskId: id,
      label: briefs.has(id) ? vscode.l10n.t("{0} (edited)", label) : label,
      description,
      detail,
      buttons: [edit, pin],
    })),
  ]);
}

/** Shows the Quote once; undefined if the user leaves it. */
function choose(quote: QuoteView, draft: Draft): Promise<Choice | undefined> {
  const pick = vscode.window.createQuickPick<Row>();
  pick.title = quoteTitle(quote);
  pick.placeholder = vscode.l10n.t("Enter starts the Run with the ticked Tasks; Esc leaves it");
  pick.canSelectMany = true;
  pick.ignoreFocusOut = true;
  pick.matchOnDetail = true;
  pick.items = rowsOf(quote, draft);
  pick.selectedItems = pick.items.filter(({ taskId }) => taskId !== undefined && draft.ticked.has(taskId));
  pick.buttons = [{ iconPath: new vscode.ThemeIcon("preview"), tooltip: vscode.l10n.t("Read the whole Quote") }];
  showWarnings(pick, quoteWarnings(quote));
  return new Promise((resolve) => {
    const end = (choice: Choice | undefined): void => {
      const ticked = pick.selectedItems.flatMap(({ taskId }) => taskId ?? []);
      if (choice?.kind === "start" && ticked.length === 0) {
        pick.placeholder = vscode.l10n.t("Tick at least one Task, or press Esc to leave the Quote");
        return;
      }
      draft.ticked = new Set(ticked);
      resolve(choice);
      pick.dispose();
    };
    pick.onDidAccept(() => end({ kind: "start" }));
    pick.onDidTriggerButton(() => end({ kind: "page" }));
    pick.onDidTriggerItemButton(({ item, button }) => {
      const kind = button === item.buttons?.[0] ? "edit" : "pin";
      if (item.taskId !== undefined) end({ kind, taskId: item.taskId });
    });
    pick.onDidHide(() => end(undefined));
    pick.show();
  });
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
