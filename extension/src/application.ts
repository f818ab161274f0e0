/** The parts that commands work with; put together by extension.ts alone. */
import type { Answers } from "./answers";
import type { Daemon } from "./client";
import type { Comments } from "./comments";
import type { Dashboard } from "./dashboard/panel";
import type { Forge } from "./forge";
import type { LanguageModels } from "./languageModels";
import type { Log } from "./log";
import type { Pages } from "./pages";
import type { Quotes } from "./quote";
import type { Review } from "./review";
import type { Secrets } from "./secrets";
import type { Store } from "./store";
import type { Transcripts } from "./transcript/documents";
import type { QuoteTree } from "./views/quote/view";
import type { RunsView } from "./views/runs/view";
import type { TodosView } from "./views/todos/view";

/** Everything that a command may need. */
export interface Application {
  readonly log: Log;
  readonly store: Store;
  readonly daemon: Daemon;
  readonly secrets: Secrets;
  readonly models: LanguageModels;
  readonly forge: Forge;
  readonly quotes: Quotes;
  readonly review: Review;
  readonly comments: Comments;
  readonly transcripts: Transcripts;
  readonly doctor: Pages;
  readonly quotePages: Pages;
  readonly answers: Answers;
  readonly dashboard: Dashboard;
  readonly todosView: TodosView;
  readonly runsView: RunsView;
  readonly quoteTree: QuoteTree;
  /** The folder of the log files. */
  readonly logFolder: string;
  /** The extension's own version. */
  readonly version: string;
}

/** A command: gets what VS Code hands over, which depends on where it was called from. */
export type Command = (app: Application, ...args: readonly unknown[]) => Promise<void>;
