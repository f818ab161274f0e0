/** The dashboard: what a Run cost, in every theme, by keyboard, and with nothing that axe-core finds wrong. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Frame } from "playwright-core";
import { expect, test } from "vitest";
import { prepareSample } from "./harness/sample";
import { useScenario } from "./harness/scenario";
import { violations, webview } from "./harness/webview";

const scenario = useScenario({
  prepare: prepareSample,
  settings: { "contextune.offline": true },
  size: { width: 1360, height: 980 },
});
let page: Frame;

test("before anything was spent, it says what to do", async () => {
  const { workbench } = scenario();
  await workbench.runCommand("Contextune: Open Dashboard");
  page = await webview(workbench.page);
  await page.getByText("Nothing was spent in this time.").waitFor();
  await page.getByText("right-click a TODO line").waitFor();
  expect(await violations(page)).toEqual([]);
  await scenario().screenshot("empty");
});

test("it follows a Run while it works", async () => {
  const { workbench } = scenario();
  await workbench.runCommand("Contextune: Parallelize All TODOs");
  await workbench.startRun();
  await page.getByRole("region", { name: "By model" }).waitFor();
  await workbench.notification("Ready for review").waitFor({ timeout: 80_000 });
  await workbench.runCommand("Notifications: Clear All Notifications");
  await page.getByRole("region", { name: "Quoted and paid" }).waitFor();
});

test("amounts are those of the meter and of the command line", async () => {
  const { workbench } = scenario();
  const meter = await workbench.page.locator('.statusbar-item[id$="contextune.meter"]').innerText();
  const spent = await page.getByRole("region", { name: "Spent" }).locator(".figure").innerText();
  expect(meter).toContain(spent);
  const rows = await page.getByRole("region", { name: "By Task" }).getByRole("rowheader").count();
  expect(rows).toBe(6);
});

test.each([
  ["dark", "Dark Modern", "vscode-dark"],
  ["light", "Light Modern", "vscode-light"],
  ["contrast", "Dark High Contrast", "vscode-high-contrast"],
  ["contrast-light", "Light High Contrast", "vscode-high-contrast-light"],
])("in %s, nothing breaks a rule of accessibility", async (name, theme, kind) => {
  const { workbench } = scenario();
  await workbench.chooseTheme(theme);
  await page.locator(`body[data-vscode-theme-kind="${kind}"]`).waitFor();
  await workbench.restMouse();
  expect(await violations(page)).toEqual([]);
  await scenario().screenshot(name);
});

test("two models are compared, by keyboard alone", async () => {
  const { workbench } = scenario();
  await page.getByLabel("First").focus();
  await page.getByLabel("First").selectOption({ label: "Haiku 5.5" });
  await page.getByLabel("Second").selectOption({ label: "Sonnet 5.5" });
  await page.getByRole("columnheader", { name: "Sonnet 5.5" }).waitFor();
  await page.getByRole("rowheader", { name: "dollars a Task" }).waitFor();
  await page.getByLabel("Second").selectOption({ index: 1 });
  await page.getByText("Give two of one sort.").waitFor();
  await page.getByLabel("Second").scrollIntoViewIfNeeded();
  await scenario().screenshot("compare");
  await workbench.restMouse();
});

test("the bars can be read as a table, and the time can be chosen", async () => {
  await page.getByText("As a table").click();
  const table = page.getByRole("table", { name: "Dollars over time" });
  await table.getByRole("row").nth(1).waitFor();
  await page.getByLabel("Time", { exact: true }).selectOption("today");
  await table
    .getByRole("rowheader", { name: /^\d\d:00$/ })
    .first()
    .waitFor();
  expect(await violations(page)).toEqual([]);
});

test("it is exported as a file for spreadsheets", async () => {
  const { workbench, folder } = scenario();
  await page.getByRole("button", { name: "Export as CSV" }).click();
  const input = workbench.page.locator(".quick-input-widget input").first();
  await input.waitFor();
  await workbench.page.keyboard.press("Enter");
  const name = `contextune-costs-${new Date().toISOString().slice(0, 10)}.csv`;
  await expect
    .poll(() => readFileSync(join(folder, name), "utf8").split("\r\n")[0], { timeout: 20_000 })
    .toContain("request_id,at,day");
});

test("a narrow window loses nothing", async () => {
  const { workbench } = scenario();
  await workbench.page.setViewportSize({ width: 760, height: 980 });
  await page.getByRole("heading", { name: "Costs" }).scrollIntoViewIfNeeded();
  const overflow = await page.locator("html").evaluate((html) => html.scrollWidth - html.clientWidth);
  expect(overflow).toBeLessThanOrEqual(0);
  await scenario().screenshot("narrow");
});

test("after a reload it is there again, at the time that was chosen", async () => {
  const { workbench } = scenario();
  await workbench.page.setViewportSize({ width: 1360, height: 980 });
  await workbench.page.reload();
  page = await webview(workbench.page);
  await page.getByRole("region", { name: "Spent" }).waitFor();
  expect(await page.getByLabel("Time", { exact: true }).inputValue()).toBe("today");
});
