/** The Quote view: read at a glance, ticked, pinned, reordered, merged, split, taken back, and started by keyboard. */
import { expect, test } from "vitest";
import { prepareSample } from "./harness/sample";
import { useScenario } from "./harness/scenario";

const scenario = useScenario({
  prepare: prepareSample,
  settings: { "contextune.offline": true },
  size: { width: 1440, height: 1250 },
});
const row = (text: string | RegExp) => scenario().workbench.treeItem("Quote", text);
const price = async () => (await row("likely").innerText()).replaceAll("\u00a0", " ");
const page = () => scenario().workbench.page.frameLocator(".webview.ready").frameLocator("#active-frame");
const selected = () => scenario().workbench.tree("Quote").and(scenario().workbench.page.locator(".selected"));
/** What its own row begins with: other rows may name it, too. */
const ROUND = /Round half a cent up\$/;
const INSURE = /Insure a declared value\$/;
let made: string;

test("a Quote has the focus, and says what it costs, in which waves, and what is sent", async () => {
  const { workbench } = scenario();
  await workbench.openContainer("Contextune");
  await workbench.widenSideBar(640);
  await workbench.runCommand("Contextune: Parallelize All TODOs");
  expect(await workbench.quote(6)).toHaveLength(6);
  made = await price();
  expect(made).toMatch(/\$[\d.]+ to \$[\d.]+, likely \$[\d.]+/s);
  await row(/All-Sonnet \$[\d.]+/).waitFor();
  await row(/Budget \$2\.00.*up to 4 agents/s).waitFor();
  await row("Offline model: scripted, no AI").waitFor();
  await row("Nothing leaves this machine.").waitFor();
  await row(/Tests: .*s on the base/s).waitFor();
  await row("Wave 1").waitFor();
  await workbench.restMouse();
  await scenario().screenshot("1-made");
});

test("a Task that is unticked leaves the price at once, and stays in view", async () => {
  const { workbench } = scenario();
  await workbench.toggleTreeItem("Quote", "Round half");
  await expect.poll(price).not.toBe(made);
  expect(await workbench.quote(6)).toHaveLength(6);
  await scenario().screenshot("2-unticked");
  await workbench.clickViewAction("Quote", "Undo Last Change of the Quote");
  await expect.poll(price).toBe(made);
  await row(/Round half/)
    .locator('[role="checkbox"][aria-checked="true"]')
    .waitFor();
});

test("a Task begins where the user pins it, and Ctrl+Z takes that back", async () => {
  const { workbench } = scenario();
  await workbench.clickTreeAction("Quote", "Round half", "Choose Where It Begins");
  await workbench.choose("Opus 5.5, medium");
  await row(/Round half.*Opus 5\.5, medium · pinned by you/s).waitFor();
  expect(await price()).not.toBe(made);
  await scenario().screenshot("3-pinned");
  await workbench.clickTreeItem("Quote", "Round half");
  await workbench.page.keyboard.press("Control+Z");
  await row(/Round half.*Haiku 5\.5, low/s).waitFor();
  expect(await price()).toBe(made);
});

test("F2 changes what its agent is told", async () => {
  const { workbench } = scenario();
  await workbench.clickTreeItem("Quote", "Round half");
  await selected().first().waitFor();
  await workbench.page.keyboard.press("F2");
  await workbench.answer("Round half up, and nothing else.");
  await workbench.clickViewAction("Quote", "Read the Whole Quote");
  await page().getByText("Round half up, and nothing else.").waitFor();
  await scenario().screenshot("4-brief");
});

test("a Task that is dropped on another one runs after it", async () => {
  const { workbench } = scenario();
  await row(ROUND).dragTo(row(INSURE));
  await expect.poll(async () => (await workbench.quote()).findIndex((text) => ROUND.test(text))).toBeGreaterThan(3);
  await scenario().screenshot("5-after");
  await workbench.runCommand("Contextune: Undo Last Change of the Quote");
  await expect.poll(async () => ROUND.test((await workbench.quote())[0] ?? "")).toBe(true);
});

test("Alt+Down and Alt+Up move the selected Task, wave by wave, and a drop on a wave puts it there", async () => {
  const { workbench } = scenario();
  const place = async () => (await workbench.quote()).findIndex((text) => ROUND.test(text));
  const wave = async (number: number) => (await row(`Wave ${number}`).innerText()).replaceAll("\u00a0", " ");
  const first = await wave(1);
  await workbench.clickTreeItem("Quote", ROUND);
  await selected().first().waitFor();
  await workbench.page.keyboard.press("Alt+ArrowDown");
  await expect.poll(place).toBe(1);
  await workbench.page.keyboard.press("Alt+ArrowUp");
  await expect.poll(place).toBe(0);
  await row(ROUND).dragTo(row("Wave 2, after wave 1"));
  await expect.poll(() => wave(1)).not.toBe(first);
  await scenario().screenshot("5-second-wave");
  for (const _ of ["the drop", "up", "down"]) await workbench.clickViewAction("Quote", "Undo Last Change of the Quote");
  await expect.poll(() => wave(1)).toBe(first);
  await expect.poll(place).toBe(0);
});

test("every Task begins where the user says, and fewer agents work at the same time", async () => {
  const { workbench } = scenario();
  await workbench.clickTreeItem("Quote", "Budget $2.00");
  await workbench.choose("Rung");
  await workbench.choose("Sonnet 5.5, medium");
  await row(/Insure a declared value.*Sonnet 5\.5, medium · pinned by you/s).waitFor();
  expect(await price()).not.toBe(made);
  await workbench.clickTreeItem("Quote", "Budget $2.00");
  await workbench.choose("Agents");
  await workbench.answer("2");
  await row(/Budget \$2\.00.*up to 2 agents/s).waitFor();
  await workbench.clickTreeItem("Quote", "Budget $2.00");
  await workbench.choose("Task Budget");
  await workbench.answer("0.10");
  await row(/up to 2 agents · \$0\.1000 a Task/).waitFor();
  await workbench.clickTreeItem("Quote", "Budget $2.00");
  await workbench.choose("Request Budget");
  await workbench.answer("0.05");
  await row(/\$0\.1000 a Task · \$0\.0500 a request/).waitFor();
  await scenario().screenshot("5-terms");
  for (const _ of ["request", "task", "agents", "rung"])
    await workbench.clickViewAction("Quote", "Undo Last Change of the Quote");
  await expect.poll(price).toBe(made);
});

test("a row's menu puts a Task after another one, and into the first wave again", async () => {
  const { workbench } = scenario();
  const inFirstWave = async () => Number(/(\d+)\sTask/.exec(await row("Wave 1").innerText())?.[1]);
  const all = await inFirstWave();
  await row(ROUND).click({ button: "right" });
  await workbench.chooseFromMenu("Run After…");
  await workbench.choose("Insure a declared value", "");
  await expect.poll(inFirstWave).toBe(all - 1);
  await row(ROUND).click({ button: "right" });
  await scenario().screenshot("5-menu");
  await workbench.chooseFromMenu("Run in the First Wave");
  await expect.poll(inFirstWave).toBe(all);
  for (const _ of ["first", "after"]) await workbench.clickViewAction("Quote", "Undo Last Change of the Quote");
  await expect.poll(price).toBe(made);
});

test("what two Tasks share is settled from the row", async () => {
  const { workbench } = scenario();
  await workbench.clickTreeAction("Quote", "Bill the volumetric weight", "Settle What It Shares");
  expect((await workbench.choices()).join("\n")).toContain("one after the other");
  await scenario().screenshot("5-settle");
  await workbench.page.keyboard.press("Enter");
  const undo = '.action-label[aria-label^="Undo Last Change"]';
  await workbench.page.locator(`.sidebar .pane-header[aria-label^="Quote"] ${undo}`).waitFor({ state: "attached" });
  await workbench.clickViewAction("Quote", "Undo Last Change of the Quote");
  await expect.poll(price).toBe(made);
});

test("two Tasks become one, which can be split again", async () => {
  const { workbench } = scenario();
  await workbench.clickTreeItem("Quote", ROUND);
  await row(INSURE)
    .locator(".monaco-icon-label")
    .first()
    .click({ modifiers: ["ControlOrMeta"] });
  await row(INSURE).click({ button: "right" });
  await workbench.chooseFromMenu("Merge into One Task");
  await expect.poll(async () => (await workbench.quote()).length, { timeout: 20_000 }).toBe(5);
  await scenario().screenshot("6-merged");
  await row(/Round half a cent up; /).click({ button: "right" });
  await workbench.chooseFromMenu("Split by Todo");
  await expect.poll(async () => (await workbench.quote()).length, { timeout: 20_000 }).toBe(6);
  await scenario().screenshot("7-split");
});

test("what cannot be done is said in a sentence, and changes nothing", async () => {
  const { workbench } = scenario();
  await workbench.clickTreeItem("Quote", "Show the insurance on the receipt");
  await workbench.runCommand("Contextune: Split by Todo");
  await workbench.notification("does not cover several Todos").waitFor();
  expect(await workbench.quote(6)).toHaveLength(6);
  await scenario().screenshot("8-refused");
  await workbench.runCommand("Notifications: Clear All Notifications");
});

test("the budget is changed before the Run starts, and Ctrl+Enter starts it", async () => {
  const { workbench } = scenario();
  await workbench.clickTreeItem("Quote", "Budget $2.00");
  await workbench.choose("Budget");
  await workbench.answer("1.50");
  await row("Budget $1.50").waitFor();
  await page().getByText("budget $1.50").waitFor(); // the page that is open follows
  await workbench.restMouse();
  await scenario().screenshot("9-terms");
  await workbench.clickTreeItem("Quote", "Wave 1");
  await workbench.page.keyboard.press("Control+Enter");
  await workbench.tree("Quote").first().waitFor({ state: "hidden" });
  await workbench.treeItem("Runs", /of 6/).waitFor();
  await workbench.notification("Ready for review").waitFor({ timeout: 80_000 });
  await scenario().screenshot("10-ready");
});
