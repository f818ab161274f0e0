/** The `contextune.*` settings that the user wrote down, for the daemon, which knows the defaults itself. */
import * as vscode from "vscode";

/** The section of every setting. */
export const SECTION = "contextune";

/** Settings that say how the daemon is started; it has no use for them itself. */
export const EDITOR_ONLY = ["python", "daemonPath"] as const;

type EditorOnly = (typeof EDITOR_ONLY)[number];

/** One of the settings that say how the daemon is started; empty if it is not set. */
export function startSetting(key: EditorOnly): string {
  return vscode.workspace.getConfiguration(SECTION).get<string>(key, "").trim();
}

/** Takes one of them out of every place where it is set. */
export async function clearStartSetting(key: EditorOnly): Promise<void> {
  const section = vscode.workspace.getConfiguration(SECTION);
  const { Global, Workspace, WorkspaceFolder } = vscode.ConfigurationTarget;
  const found = section.inspect(key);
  if (found?.workspaceFolderValue !== undefined) await section.update(key, undefined, WorkspaceFolder);
  if (found?.workspaceValue !== undefined) await section.update(key, undefined, Workspace);
  if (found?.globalValue !== undefined) await section.update(key, undefined, Global);
}

/** Whether a change means that the daemon must start again. */
export function concernsStart(change: vscode.ConfigurationChangeEvent): boolean {
  return EDITOR_ONLY.some((key) => change.affectsConfiguration(`${SECTION}.${key}`));
}

/**
 * What the user set, without defaults: a default of VS Code's must not win over the user's file or the repository's.
 *
 * @param keys the settings of the manifest, such as `contextune.agents`
 */
export function writtenSettings(keys: readonly string[], scope?: vscode.ConfigurationScope): Record<string, unknown> {
  const section = vscode.workspace.getConfiguration(SECTION, scope);
  const written: Record<string, unknown> = {};
  for (const full of keys) {
    const key = full.slice(SECTION.length + 1);
    if ((EDITOR_ONLY as readonly string[]).includes(key)) continue;
    const found = section.inspect(key);
    const value = found?.workspaceFolderValue ?? found?.workspaceValue ?? found?.globalValue;
    if (value !== undefined) written[key] = value;
  }
  return written;
}
