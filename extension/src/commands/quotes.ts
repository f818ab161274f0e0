/** Commands on the open Quote. */
import * as vscode from "vscode";
import type { Application, Command } from "../application";
import type { QuoteArrangeParams, QuoteChangeParams, QuoteView, TaskQuoteView } from "../generated/protocol";
import { choicesOf } from "../overlapText";
import { isUnpriced } from "../quoteText";
import { askAgents, askBudget, askChange, changeableBounds } from "./terms";

/** What the daemon's code actions hand over: two Tasks of a Quote and how they shall run. */
function isArrangement(value: unknown): value is QuoteArrangeParams {
  return typeof value === "object" && value !== null && "quoteId" in value && "choice" in value;
}

/** Settles what two Tasks of an open Quote share. */
export const arrangeTasks: Command = async (app, ...args) => {
  const [wish] = args;
  if (isArrangement(wish)) await app.quotes.arrange(wish);
};

/** The open Quote; says so if there is none. */
function openQuote(app: Application): QuoteView | undefined {
  if (app.quotes.open === undefined)
    void vscode.window.showInformationMessage(vscode.l10n.t("No Quote is open. Choose TODOs or run a Goal first."));
  return app.quotes.open;
}

/** The Task that a command is about: the row's, or one that the user picks. */
async function quotedTask(
  app: Application,
  args: readonly unknown[],
  fits: (task: TaskQuoteView) => boolean = () => true,
): Promise<TaskQuoteView | undefined> {
  const quote = openQuote(app);
  if (quote === undefined) return undefined;
  const [named] = app.quoteTree.tasks(args);
  const now = quote.tasks.find(({ id }) => id === named?.task.id);
  if (now !== undefined && fits(now)) return now;
  return pickTask(quote.tasks.filter(fits), vscode.l10n.t("Which Task?"));
}

async function pickTask(tasks: readonly TaskQuoteView[], placeHolder: string): Promise<TaskQuoteView | undefined> {
  const items = tasks.map((task) => ({ label: task.title, description: task.price.likelyText, task }));
  return (await vscode.window.showQuickPick(items, { placeHolder }))?.task;
}

/** Starts the Run of the ticked Tasks. */
export const startQuote: Command = async (app) => {
  const quote = openQuote(app);
  if (quote === undefined || (await app.quotes.start()) === undefined) return;
  app.todosView.untick(
    quote.repository,
    quote.todos.map(({ id }) => id),
  );
  await vscode.commands.executeCommand("contextune.runs.focus");
};

/** Puts the Quote away. */
export const leaveQuote: Command = async (app) => {
  if (openQuote(app) !== undefined) await app.quotes.leave();
};

/** Opens the Quote as a page, with every brief and file. */
export const readQuote: Command = async (app) => {
  const quote = openQuote(app);
  if (quote !== undefined) await app.quotePages.open(quote.title, { quoteId: quote.id });
};

/** Takes the last change of the Quote back. */
export const restoreQuote: Command = async (app) => {
  if (openQuote(app) !== undefined) await app.quotes.restore();
};

/** Changes what the Run, each Task or each request may cost, how many agents work at the same time, or where Tasks begin. */
export const changeQuote: Command = async (app) => {
  const quote = openQuote(app);
  if (quote === undefined) return;
  const { title, budgetText, agents } = quote;
  const wanted = await askChange<Omit<QuoteChangeParams, "quoteId">>(title, [
    { label: vscode.l10n.t("Budget"), description: budgetText, ask: () => askBudget(title, budgetText) },
    { label: vscode.l10n.t("Agents"), description: String(agents), ask: () => askAgents(title, agents) },
    {
      label: vscode.l10n.t("Rung"),
      description: [...new Set(quote.tasks.map(({ rung }) => rung.text))].join("; "),
      detail: vscode.l10n.t("For every Task"),
      ask: () => askRung(quote, title),
    },
    ...changeableBounds(quote, isUnpriced(quote)),
  ]);
  if (wanted !== undefined) await app.quotes.change(wanted);
};

/** Asks on which rung the first agent of a Task works, `now` if it has one; undefined if the user leaves it. */
async function askRung(
  { ladder }: QuoteView,
  title: string,
  now?: number,
): Promise<{ readonly start: number } | undefined> {
  const rungs = ladder.map(({ text }, start) => ({
    label: text,
    start,
    description: start === now ? vscode.l10n.t("now") : "",
  }));
  const chosen = await vscode.window.showQuickPick(rungs, {
    title,
    placeHolder: vscode.l10n.t("Where its first agent works; red tests still take it up from there"),
    ignoreFocusOut: true,
  });
  return chosen && { start: chosen.start };
}

/** Changes what an agent is told to do. */
export const editBrief: Command = async (app, ...args) => {
  const task = await quotedTask(app, args);
  if (task === undefined) return;
  const brief = await vscode.window.showInputBox({
    title: task.title,
    prompt: vscode.l10n.t("What the agent is told to do"),
    value: task.brief,
    ignoreFocusOut: true,
    validateInput: (value) => (value.trim() === "" ? vscode.l10n.t("A brief can't be empty") : undefined),
  });
  if (brief !== undefined && brief.trim() !== task.brief)
    await app.quotes.change({ taskId: task.id, brief: brief.trim() });
};

/** Chooses the rung on which a Task's first agent works. */
export const pinStart: Command = async (app, ...args) => {
  const task = await quotedTask(app, args);
  const quote = app.quotes.open;
  if (task === undefined || quote === undefined) return;
  const wanted = await askRung(quote, task.title, task.start);
  if (wanted !== undefined && wanted.start !== task.start) await app.quotes.change({ taskId: task.id, ...wanted });
};

/** Settles what a Task shares with others. */
export const settleOverlap: Command = async (app, ...args) => {
  const sharing = (task: TaskQuoteView): boolean =>
    app.quotes.open?.overlaps.some(({ first, second }) => first === task.id || second === task.id) ?? false;
  const task = await quotedTask(app, args, sharing);
  const quote = app.quotes.open;
  if (task === undefined || quote === undefined) return;
  const chosen = await vscode.window.showQuickPick(choicesOf(quote, task.id), {
    title: task.title,
    placeHolder: vscode.l10n.t("What shall become of Tasks that share something?"),
    ignoreFocusOut: true,
  });
  if (chosen !== undefined) await app.quotes.arrange(chosen.params);
};

/** Makes one Task of the selected ones, or of one and another that the user picks. */
export const mergeQuoted: Command = async (app, ...args) => {
  const quote = openQuote(app);
  if (quote === undefined) return;
  const selected = app.quoteTree.tasks(args).map(({ task }) => task.id);
  const first = selected[0] ?? (await pickTask(quote.tasks, vscode.l10n.t("Which Task?")))?.id;
  if (first === undefined) return;
  if (selected.length > 1) return app.quotes.merge(selected);
  const others = quote.tasks.filter(({ id }) => id !== first);
  const second = await pickTask(others, vscode.l10n.t("Which Task shall be done in the same one?"));
  if (second !== undefined) await app.quotes.merge([first, second.id]);
};

/** Makes a Task for each Todo of a Task. */
export const splitQuoted: Command = async (app, ...args) => {
  const task = await quotedTask(app, args);
  if (task !== undefined) await app.quotes.split(task.id);
};

/** Has a Task run after another one. */
export const runAfter: Command = async (app, ...args) => {
  const task = await quotedTask(app, args);
  if (task === undefined) return;
  const others = (app.quotes.open?.tasks ?? []).filter(({ id }) => id !== task.id);
  const earlier = await pickTask(others, vscode.l10n.t("After which Task?"));
  if (earlier !== undefined) await app.quotes.runAfter(task.id, earlier.id);
};

/** Puts a Task into the first wave; one that it collides with then waits for it. */
export const runFirst: Command = async (app, ...args) => {
  const task = await quotedTask(app, args, ({ dependsOn }) => dependsOn.length > 0);
  if (task !== undefined) await app.quotes.move(task.id, { wave: 1 });
};

/** Puts a Task a step earlier: before its neighbour, or into the wave before. */
export const moveTaskUp: Command = async (app, ...args) => {
  const task = await quotedTask(app, args);
  if (task !== undefined) await app.quotes.move(task.id, { step: "up" });
};

/** Puts a Task a step later: behind its neighbour, or into the next wave. */
export const moveTaskDown: Command = async (app, ...args) => {
  const task = await quotedTask(app, args);
  if (task !== undefined) await app.quotes.move(task.id, { step: "down" });
};
