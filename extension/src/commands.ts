/** One table: every command and its function. */
import * as vscode from "vscode";
import type { Application, Command } from "./application";
import { adjustRun, chooseRung } from "./commands/adjust";
import { ask } from "./commands/ask";
import { debugBundle } from "./commands/debugBundle";
import * as forge from "./commands/forge";
import * as history from "./commands/history";
import { mergeByHand } from "./commands/mergeByHand";
import { useEditorModels } from "./commands/models";
import { whoWroteLine } from "./commands/origin";
import * as product from "./commands/product";
import * as quotes from "./commands/quotes";
import { chooseCourse } from "./commands/radar";
import * as review from "./commands/review";
import * as runs from "./commands/runs";
import * as tasks from "./commands/tasks";
import * as todos from "./commands/todos";
import * as transcript from "./commands/transcript";
import * as work from "./commands/work";
import * as worktrees from "./commands/worktrees";
import { showFailure } from "./failure";

/** The commands of the contract, and below them those that only menus use. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  "contextune.delegateTodo": work.delegateTodo,
  "contextune.parallelizeFile": work.parallelizeFile,
  "contextune.parallelizeSelection": work.parallelizeSelection,
  "contextune.parallelizeWorkspace": work.parallelizeWorkspace,
  "contextune.runGoal": work.runGoal,
  "contextune.ask": ask,
  "contextune.reviewRun": runs.reviewRun,
  "contextune.acceptRun": runs.acceptRun,
  "contextune.undoRun": runs.undoRun,
  "contextune.discardRun": runs.discardRun,
  "contextune.pauseRun": runs.pauseRun,
  "contextune.cancelRun": runs.cancelRun,
  "contextune.retryTask": tasks.retryTask,
  "contextune.retryTaskOnRung": tasks.retryTaskOnRung,
  "contextune.tellAgent": tasks.tellAgent,
  "contextune.answerQuestion": tasks.answerQuestion,
  "contextune.cleanWorktrees": worktrees.cleanWorktrees,
  "contextune.openWorktree": tasks.openWorktree,
  "contextune.openTranscript": transcript.openTranscript,
  "contextune.showEarlierTurns": transcript.showEarlierTurns,
  "contextune.showTurnChanges": transcript.showTurnChanges,
  "contextune.openDashboard": product.openDashboard,
  "contextune.setApiKey": product.setApiKey,
  "contextune.useEditorModels": useEditorModels,
  "contextune.doctor": product.doctor,
  "contextune.getStarted": product.getStarted,
  "contextune.debugBundle": debugBundle,
  "contextune.restartDaemon": product.restartDaemon,
  "contextune.showLog": product.showLog,

  "contextune.acceptByPullRequest": forge.acceptByPullRequest,
  "contextune.openPullRequest": forge.openPullRequest,
  "contextune.signInGitHub": forge.signInGitHub,
  "contextune.arrangeTasks": quotes.arrangeTasks,
  "contextune.startQuote": quotes.startQuote,
  "contextune.leaveQuote": quotes.leaveQuote,
  "contextune.readQuote": quotes.readQuote,
  "contextune.restoreQuote": quotes.restoreQuote,
  "contextune.changeQuote": quotes.changeQuote,
  "contextune.editBrief": quotes.editBrief,
  "contextune.pinStart": quotes.pinStart,
  "contextune.settleOverlap": quotes.settleOverlap,
  "contextune.mergeQuoted": quotes.mergeQuoted,
  "contextune.splitQuoted": quotes.splitQuoted,
  "contextune.moveTaskUp": quotes.moveTaskUp,
  "contextune.moveTaskDown": quotes.moveTaskDown,
  "contextune.runAfter": quotes.runAfter,
  "contextune.runFirst": quotes.runFirst,
  "contextune.chooseCourse": chooseCourse,
  "contextune.parallelizeTicked": work.parallelizeTicked,
  "contextune.groupTodos": todos.groupTodos,
  "contextune.filterTodos": todos.filterTodos,
  "contextune.clearTodoFilter": todos.clearTodoFilter,
  "contextune.moveTodoUp": todos.moveTodoUp,
  "contextune.moveTodoDown": todos.moveTodoDown,
  "contextune.clearTodoOrder": todos.clearTodoOrder,
  "contextune.resumeRun": runs.pauseRun,
  "contextune.filterRuns": history.filterRuns,
  "contextune.clearRunFilter": history.clearRunFilter,
  "contextune.adjustRun": adjustRun,
  "contextune.chooseRung": chooseRung,
  "contextune.pauseTask": tasks.pauseTask,
  "contextune.resumeTask": tasks.resumeTask,
  "contextune.cancelTask": tasks.cancelTask,
  "contextune.rebaseRun": runs.rebaseRun,
  "contextune.rewindTask": tasks.rewindTask,
  "contextune.tryResult": tasks.tryResult,
  "contextune.openTerminal": tasks.openTerminal,
  "contextune.applySuggestion": product.applySuggestion,
  "contextune.allowUnfenced": product.allowCommandsUnfenced,
  "contextune.whoWroteLine": whoWroteLine,
  "contextune.rejectChange": review.rejectChange,
  "contextune.rejectFile": review.rejectFile,
  "contextune.takeBackChange": review.takeBackChange,
  "contextune.addComment": review.addComment,
  "contextune.removeComment": review.removeComment,
  "contextune.sendComments": review.sendComments,
  "contextune.mergeByHand": mergeByHand,
  "contextune.restoreWorktree": worktrees.restoreWorktree,
};

/** Registers the table; what is run is logged, and what a command throws is shown. */
export function registerCommands(app: Application): vscode.Disposable {
  const registered = Object.entries(COMMANDS).map(([id, command]) =>
    vscode.commands.registerCommand(id, (...args: unknown[]) => {
      app.log.info(`Command ${id}`);
      return command(app, ...args).catch((error) => showFailure(error, app.log));
    }),
  );
  return vscode.Disposable.from(...registered);
}
