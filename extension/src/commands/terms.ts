/** Asks for what a Run, each of its Tasks and each request may cost, and how many agents it has. */
import * as vscode from "vscode";
import type { QuoteView, RunView } from "../generated/protocol";

/** Something of a Quote or of a Run that can change, and the question for what it shall be. */
export type Changeable<T> = vscode.QuickPickItem & { readonly ask: () => Promise<T | undefined> };

type Bounded = Pick<QuoteView | RunView, "title" | "taskBudgetText" | "requestBudgetText" | "maxRequests">;
type Bounds = { readonly taskBudget: string } | { readonly requestBudget: string } | { readonly maxRequests: number };

const AMOUNT = /^\$?\d{1,6}(\.\d{1,6})?$/;
const MOST_AGENTS = 100;

/** Asks for an amount in dollars; undefined if the user leaves it. */
export async function askBudget(title: string, now: string): Promise<{ readonly budget: string } | undefined> {
  const prompt = vscode.l10n.t("The most that the Run may cost, in dollars, what is spent included");
  const budget = await askAmount(title, prompt, now);
  return budget === undefined ? undefined : { budget };
}

/** What each Task and each request may cost, and how many requests without a price are sent where there are such. */
export function changeableBounds(
  { title, taskBudgetText, requestBudgetText, maxRequests }: Bounded,
  isUnpriced: boolean,
): readonly Changeable<Bounds>[] {
  const none = vscode.l10n.t("no bound");
  const detail = vscode.l10n.t("A Task that reaches it asks you; the others go on");
  const eachTask = vscode.l10n.t("The most that each Task may cost before it asks you, in dollars");
  const oneRequest = vscode.l10n.t("The most that one request may cost before its Task asks you, in dollars");
  const bounds: readonly Changeable<Bounds>[] = [
    {
      label: vscode.l10n.t("Task Budget"),
      description: taskBudgetText || none,
      detail,
      ask: async () => {
        const taskBudget = await askAmount(title, eachTask, taskBudgetText);
        return taskBudget === undefined ? undefined : { taskBudget };
      },
    },
    {
      label: vscode.l10n.t("Request Budget"),
      description: requestBudgetText || none,
      detail,
      ask: async () => {
        const requestBudget = await askAmount(title, oneRequest, requestBudgetText);
        return requestBudget === undefined ? undefined : { requestBudget };
      },
    },
  ];
  if (!isUnpriced) return bounds;
  const requests: Changeable<Bounds> = {
    label: vscode.l10n.t("Requests"),
    description: String(maxRequests ?? none),
    ask: () => askRequests(title, maxRequests),
  };
  return [...bounds, requests];
}

/** Asks what shall change, and to what; undefined if the user leaves it. */
export async function askChange<T>(title: string, items: readonly Changeable<T>[]): Promise<T | undefined> {
  const picked = await vscode.window.showQuickPick(items, {
    title,
    placeHolder: vscode.l10n.t("What shall change?"),
  });
  return picked?.ask();
}

/** Asks for the dollars that the Run, each Task or each request may cost; undefined if the user leaves it. */
async function askAmount(title: string, prompt: string, now: string): Promise<string | undefined> {
  const text = await vscode.window.showInputBox({
    title,
    prompt,
    value: now.replace("$", ""),
    placeHolder: "0.10",
    ignoreFocusOut: true,
    validateInput: (value) =>
      AMOUNT.test(value.trim()) ? undefined : vscode.l10n.t("Expected an amount in dollars, such as 2.00"),
  });
  return text?.trim().replace("$", "");
}

/** Asks for a number of requests; undefined if the user leaves it. */
async function askRequests(title: string, now: number | null): Promise<{ readonly maxRequests: number } | undefined> {
  const text = await vscode.window.showInputBox({
    title,
    prompt: vscode.l10n.t("The most requests without a price that the Run may send; then it waits for you"),
    value: now === null ? "" : String(now),
    ignoreFocusOut: true,
    validateInput: (value) =>
      /^[1-9]\d{0,4}$/.test(value.trim()) ? undefined : vscode.l10n.t("Expected 1 to {0}", 99_999),
  });
  return text === undefined ? undefined : { maxRequests: Number(text.trim()) };
}

/** Asks for a number of agents; undefined if the user leaves it. */
export async function askAgents(title: string, now: number): Promise<{ readonly agents: number } | undefined> {
  const isFit = (value: string): boolean =>
    /^\d{1,3}$/.test(value) && Number(value) >= 1 && Number(value) <= MOST_AGENTS;
  const text = await vscode.window.showInputBox({
    title,
    prompt: vscode.l10n.t("How many agents work at the same time"),
    value: String(now),
    ignoreFocusOut: true,
    validateInput: (value) => (isFit(value.trim()) ? undefined : vscode.l10n.t("Expected 1 to {0}", MOST_AGENTS)),
  });
  return text === undefined ? undefined : { agents: Number(text.trim()) };
}
