/** What a Run has on GitHub, or what waits for it. */
import * as vscode from "vscode";
import type { ForgeLinkView, RunView } from "../../generated/protocol";
import type { Node } from "../node";

/** An issue or a pull request in the Runs view; a click opens it in the browser. */
export class LinkNode implements Node {
  constructor(
    private readonly run: RunView,
    private readonly link: ForgeLinkView,
    private readonly icon: "issues" | "git-pull-request",
  ) {}

  item(): vscode.TreeItem {
    const item = new vscode.TreeItem(this.link.text);
    item.id = `forge:${this.run.id}:${this.link.number}`;
    item.iconPath = new vscode.ThemeIcon(this.icon);
    item.contextValue = "forge";
    item.tooltip = this.link.url;
    item.command = {
      command: "vscode.open",
      title: vscode.l10n.t("Open in Browser"),
      arguments: [vscode.Uri.parse(this.link.url)],
    };
    return item;
  }

  children(): readonly Node[] {
    return [];
  }
}

/** Why something waits for GitHub. */
export class WaitsNode implements Node {
  constructor(private readonly run: RunView) {}

  item(): vscode.TreeItem {
    const item = new vscode.TreeItem(vscode.l10n.t("Waits for GitHub: {0}", this.run.forgeWaits));
    item.id = `waits:${this.run.id}`;
    item.iconPath = new vscode.ThemeIcon("cloud-upload", new vscode.ThemeColor("list.warningForeground"));
    item.contextValue = "forge waiting";
    item.tooltip = this.run.forgeWaits;
    return item;
  }

  children(): readonly Node[] {
    return [];
  }
}

/** All of it, in order. */
export function forgeNodes(run: RunView): Node[] {
  return [
    ...run.issues.map((link) => new LinkNode(run, link, "issues")),
    ...run.pulls.map((link) => new LinkNode(run, link, "git-pull-request")),
    ...(run.forgeWaits === "" ? [] : [new WaitsNode(run)]),
  ];
}
