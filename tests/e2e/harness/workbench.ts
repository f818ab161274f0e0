/** The window of VS Code as a person sees it: what the scenarios click, type and read. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { Locator, Page } from "playwright-core";
import { vi } from "vitest";

/** Milliseconds that any single wait may take: the first load on a small machine needs about 15 s. */
export const patience = 90_000;

/** A part of a name, matched without regard to what VS Code adds around it (key bindings, counts). */
type Text = string | RegExp;

/** VS Code draws blanks as no-break spaces; Playwright levels them in strings, but not in patterns. */
function drawn(text: Text): Text {
  return typeof text === "string" ? text : new RegExp(text.source.replaceAll(" ", "\\s"), text.flags);
}

/** One window. Every method waits for what it names, and fails after `patience` naming it. */
export class Workbench {
  constructor(
    /** The page, for what this class has no word for. */
    readonly page: Page,
  ) {}

  /** Waits until the window and, where one is open, the folder's first files are drawn. */
  async ready(hasFolder = true): Promise<void> {
    await this.page.locator(".monaco-workbench .part.statusbar").waitFor();
    if (hasFolder) await this.page.locator(".explorer-folders-view .monaco-list-row").first().waitFor();
  }

  /** Runs a command by its full title ("Contextune: Show Log") from the command palette. */
  async runCommand(title: string): Promise<void> {
    await this.page.keyboard.press("F1");
    await this.choose(title, `>${title}`);
  }

  /** Draws the window in another of VS Code's own themes ("Light Modern"). */
  async chooseTheme(name: string): Promise<void> {
    await this.runCommand("Preferences: Color Theme");
    // The command palette goes before the list of themes comes; words typed in between would be lost.
    await this.quickInput.locator('input[placeholder*="Color Theme"]').waitFor();
    await this.choose(name);
    await this.quickInput.waitFor({ state: "hidden" });
  }

  /** Opens a file by its path below the folder, and waits until its editor has the focus. */
  async openFile(path: string): Promise<void> {
    await this.page.keyboard.press("Control+P");
    const name = path.split("/").at(-1) ?? path;
    await this.choose(name, path);
    await this.page.locator(`.tab.active[data-resource-name="${name}"]`).waitFor();
    await this.editor.locator(".view-line").first().waitFor();
  }

  /** Puts the cursor at the start of a line of the active editor, counted from 1, and scrolls it into view. */
  async goToLine(line: number): Promise<void> {
    await this.page.keyboard.press("Control+G");
    await this.quickInput.locator("input").fill(`:${line}`);
    await this.page.keyboard.press("Enter");
    await this.quickInput.waitFor({ state: "hidden" });
    await this.lineNumber(line).waitFor();
  }

  /** The active editor. */
  get editor(): Locator {
    return this.page.locator(".editor-group-container.active .monaco-editor").first();
  }

  /** The text of the active editor's visible lines. */
  async editorText(): Promise<string> {
    const lines = this.editor.locator(".view-line");
    const drawn = await lines.evaluateAll((elements) =>
      elements
        .map((element) => ({ top: element.offsetTop, text: element.textContent ?? "" }))
        .sort((a, b) => a.top - b.top)
        .map(({ text }) => text),
    );
    return drawn.join("\n").replaceAll("\u00a0", " ");
  }

  /** What is drawn behind the text of the lines in view, which is no text of theirs. */
  async behindLines(): Promise<string> {
    const drawn = await this.editor.locator(".view-line span").evaluateAll((spans) =>
      spans.map((span) => {
        const view = span.ownerDocument.defaultView;
        return view ? view.getComputedStyle(span, "::after").content : "";
      }),
    );
    return drawn
      .filter((text) => text !== "none" && text !== "normal")
      .join("\n")
      .replaceAll("\u00a0", " ");
  }

  /** Types at the cursor of the active editor, as a person would. */
  async type(text: string): Promise<void> {
    await this.page.keyboard.type(text);
  }

  /** Opens the context menu of a line by a right click on its text, and chooses an entry; a path goes into submenus. */
  async contextMenu(line: number, ...path: [Text, ...Text[]]): Promise<void> {
    await this.openContextMenu(line);
    await this.chooseFromMenu(...path);
  }

  /** Opens the context menu of a line by a right click on its text. */
  async openContextMenu(line: number): Promise<void> {
    await this.goToLine(line);
    await this.clickLine(line, { button: "right" });
    await this.page.locator(".monaco-menu").first().waitFor();
  }

  /** Opens the light bulb's menu of a line and returns the titles it offers; close it with `dismiss`. */
  async codeActions(line: number): Promise<string[]> {
    await this.goToLine(line);
    // VS Code looks for actions by itself a moment after the cursor has moved, and closes a menu that was opened before;
    // among blanks, where a line starts, it shows no bulb.
    await this.page.keyboard.press("End");
    await this.editor.locator(".codicon-gutter-lightbulb, .lightBulbWidget").first().waitFor();
    await this.page.keyboard.press("Control+.");
    const rows = this.page.locator(".action-widget .monaco-list-row.action");
    await rows.first().waitFor();
    return rows.allInnerTexts();
  }

  /** Chooses an entry of the light bulb's menu that `codeActions` has opened. */
  async chooseCodeAction(title: Text): Promise<void> {
    await this.page
      .locator(".action-widget .monaco-list-row.action", { hasText: drawn(title) })
      .first()
      .click();
  }

  /** Clicks a code lens of the active editor. */
  async clickCodeLens(title: Text): Promise<void> {
    await this.editor
      .locator(".codelens-decoration a", { hasText: drawn(title) })
      .first()
      .click();
  }

  /** Rests the mouse on a word of a line and returns the text of the hover. */
  async hover(line: number, word: string): Promise<string> {
    await this.goToLine(line);
    const spans = (await this.viewLine(line)).locator("span > span", { hasText: word });
    await spans.first().hover();
    const hover = this.editorHover.locator(".hover-contents").first();
    await hover.waitFor();
    return hover.innerText();
  }

  /** The hover of the editor; those of tabs and views are others. */
  get editorHover(): Locator {
    return this.page.locator(".monaco-hover:not(.hidden):not(.workbench-hover)");
  }

  /**
   * Chooses an entry of the menu that is open; several texts go into submenus.
   *
   * VS Code ignores clicks in the first moments of a menu, so the entry under the mouse is taken by the Enter key.
   */
  async chooseFromMenu(...path: [Text, ...Text[]]): Promise<void> {
    for (const text of path) {
      const entry = this.page.locator(".monaco-menu .action-item", { hasText: drawn(text) }).last();
      await entry.hover();
      await entry.and(this.page.locator(".focused")).waitFor();
      await this.page.keyboard.press("Enter");
    }
    await this.page.locator(".monaco-menu").first().waitFor({ state: "hidden" });
  }

  /** Types `filter` into the quick input that is open or opening, and clicks the entry that is called `label`. */
  async choose(label: string, filter: string = label): Promise<void> {
    await this.quickInput.locator("input").first().fill(filter);
    await this.quickInput
      .locator(".monaco-list-row", { has: this.page.getByText(label, { exact: true }) })
      .first()
      .click();
  }

  /** The entries of the quick pick that is open. */
  async choices(): Promise<string[]> {
    const rows = this.quickInput.locator(".monaco-list-row .quick-input-list-entry");
    await rows.first().waitFor();
    return rows.allInnerTexts();
  }

  /** Answers the input box that is open. */
  async answer(text: string): Promise<void> {
    await this.quickInput.locator("input").first().fill(text);
    await this.page.keyboard.press("Enter");
  }

  /** Opens a container of the activity bar ("Contextune", "Source Control"). */
  async openContainer(title: string): Promise<void> {
    const tab = this.page.locator(`.activitybar .action-item[role="tab"]:has([aria-label^="${title}"])`);
    if ((await tab.getAttribute("aria-expanded")) !== "true") await tab.click();
    await this.page.locator(".sidebar .composite.title", { hasText: new RegExp(title, "i") }).waitFor();
  }

  /** Draws the side bar's edge to `width` pixels from the window's left, so that its rows are not cut off. */
  async widenSideBar(width: number): Promise<void> {
    const box = await this.page.locator(".part.sidebar").boundingBox();
    if (box === null) throw new Error("The side bar is not open.");
    const middle = box.y + box.height / 2;
    await this.page.mouse.move(box.x + box.width, middle);
    await this.page.mouse.down();
    await this.page.mouse.move(width, middle, { steps: 4 });
    await this.page.mouse.up();
    await this.restMouse();
  }

  /** Takes the mouse to where it shows no tooltip and no row's buttons, and waits until those that were shown are gone. */
  async restMouse(): Promise<void> {
    await this.page.mouse.move(900, 600);
    const tooltip = this.page.locator(".workbench-hover").first();
    await tooltip.waitFor({ state: "hidden", timeout: 3_000 }).catch(() => {}); // one may belong to what is there
  }

  /** The rows of a view of the side bar, by the view's title ("Todos"). */
  tree(view: string): Locator {
    const pane = this.page.locator(".sidebar .pane", { has: this.page.locator(`.pane-header[aria-label^="${view}"]`) });
    return pane.locator(".monaco-list-row");
  }

  /** A row of a view, by a text that it shows. */
  treeItem(view: string, text: Text): Locator {
    return this.tree(view)
      .filter({ hasText: drawn(text) })
      .first();
  }

  /** Clicks a row of a view. */
  async clickTreeItem(view: string, text: Text): Promise<void> {
    await this.treeItem(view, text).locator(".monaco-icon-label").first().click();
  }

  /** Ticks or unticks the check box of a row, and waits until it shows that. */
  async toggleTreeItem(view: string, text: Text): Promise<void> {
    const row = this.treeItem(view, text);
    const box = row.locator(".custom-view-tree-node-item-checkbox, .monaco-custom-toggle").first();
    const wanted = (await box.getAttribute("aria-checked")) === "true" ? "false" : "true";
    const done = row.locator(`[role="checkbox"][aria-checked="${wanted}"]`).first();
    // A view that is drawn anew loses a click in its midst; who sees that clicks again.
    for (let click = 0; click < 3 && !(await done.isVisible()); click++) {
      await box.click();
      await done.waitFor({ timeout: 5_000 }).catch(() => {});
    }
    await done.waitFor();
  }

  /** Waits for a Quote of at least so many Tasks, and returns the texts of their rows in view. */
  async quote(atLeast = 1, view = "Quote"): Promise<string[]> {
    const tasks = this.tree(view).filter({ has: this.page.locator('[role="checkbox"]') });
    await tasks.nth(atLeast - 1).waitFor();
    // The rows that come last are drawn last.
    await this.tree(view).locator(".codicon-vm, .codicon-cloud-upload").first().waitFor();
    const rows = await tasks.allInnerTexts();
    return rows.map((text) => text.replaceAll("\u00a0", " "));
  }

  /** Starts the Run of the Quote that is open. */
  async startRun(view = "Quote", action = "Start Run"): Promise<void> {
    await this.quote(1, view);
    await this.clickViewAction(view, action);
    await this.tree(view).first().waitFor({ state: "hidden" });
  }

  /** Puts the Quote that is open away. */
  async leaveQuote(): Promise<void> {
    await this.clickViewAction("Quote", "Leave Quote");
    await this.tree("Quote").first().waitFor({ state: "hidden" });
  }

  /** Clicks an inline action of a row, by its tooltip. */
  async clickTreeAction(view: string, text: Text, action: string): Promise<void> {
    const row = this.treeItem(view, text);
    await row.hover();
    await row.locator(`.action-label[aria-label^="${action}"]`).first().click();
  }

  /** Clicks an action in the header of a view, by its tooltip. */
  async clickViewAction(view: string, action: string): Promise<void> {
    const header = this.page.locator(`.sidebar .pane-header[aria-label^="${view}"]`);
    await header.hover();
    await header.locator(`.action-label[aria-label^="${action}"]`).first().click();
  }

  /** The item of the status bar that shows `text`. */
  statusBarItem(text: Text): Locator {
    return this.page.locator(".statusbar-item", { hasText: drawn(text) }).first();
  }

  /** The texts of the status bar, from left to right. */
  async statusBarText(): Promise<string[]> {
    const texts = await this.page.locator(".statusbar-item").allInnerTexts();
    return texts.map((text) => text.trim()).filter((text) => text !== "");
  }

  /** The notification that says `text`. */
  notification(text: Text): Locator {
    return this.page.locator(".notification-toast", { hasText: drawn(text) }).first();
  }

  /** Clicks a button of the notification that says `text`. */
  async clickNotificationButton(text: Text, button: string): Promise<void> {
    await this.notification(text)
      .locator(".notification-list-item-buttons-container .monaco-button", { hasText: button })
      .click();
  }

  /** The modal dialog that is open. */
  get dialog(): Locator {
    return this.page.locator(".monaco-dialog-box");
  }

  /** Clicks a button of the modal dialog. */
  async clickDialogButton(button: string): Promise<void> {
    await this.dialog.locator(".monaco-button", { hasText: button }).click();
    await this.dialog.waitFor({ state: "hidden" });
  }

  /** The editors of a multi-diff, by the names of their files. */
  async multiDiffFiles(): Promise<string[]> {
    const headers = this.page.locator(".multiDiffEntry .file-path .title.modified");
    await headers.first().waitFor();
    return headers.allInnerTexts();
  }

  /** Waits until `text` can be seen anywhere in the window. */
  async expectText(text: Text): Promise<void> {
    await this.page.getByText(drawn(text)).filter({ visible: true }).first().waitFor();
  }

  /** Waits until `text` can't be seen anywhere in the window. */
  async expectNoText(text: Text): Promise<void> {
    await this.page.getByText(drawn(text)).filter({ visible: true }).first().waitFor({ state: "hidden" });
  }

  /** Closes the menu, list or hover that is open. */
  async dismiss(): Promise<void> {
    await this.page.keyboard.press("Escape");
  }

  /** Writes a picture of the window. */
  async screenshot(file: string): Promise<void> {
    mkdirSync(dirname(file), { recursive: true });
    await this.page.screenshot({ path: file });
  }

  /** The input at the top of the window: quick picks, input boxes and the command palette. */
  get quickInput(): Locator {
    return this.page.locator(".quick-input-widget");
  }

  private lineNumber(line: number): Locator {
    return this.editor.locator(".margin-view-overlays .line-numbers").getByText(String(line), { exact: true });
  }

  /** The text of a line, once it stands still: a lens that comes above it moves it down. */
  private viewLine(line: number): Promise<Locator> {
    return vi.waitFor(() => this.lineAt(line), { timeout: 10_000 });
  }

  /** Lines carry no number in the page: the one at the height of its number is meant. */
  private async lineAt(line: number): Promise<Locator> {
    const number = await this.lineNumber(line).boundingBox();
    if (number === null) throw new Error(`Line ${line} is not in view.`);
    const lines = this.editor.locator(".view-line");
    for (const candidate of await lines.all()) {
      const box = await candidate.boundingBox();
      if (box !== null && Math.abs(box.y - number.y) < box.height / 2) return candidate;
    }
    throw new Error(`Line ${line} has no text in view.`);
  }

  private async clickLine(line: number, options: { button: "left" | "right" }): Promise<void> {
    const spans = (await this.viewLine(line)).locator("span > span");
    await spans.last().click(options);
  }
}
