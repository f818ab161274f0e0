/** Two agents at work change the same line: it says so, and the user has one of them wait for the other. */
import { expect, test } from "vitest";
import { playScript } from "./harness/messagesServer";
import { prepareSample } from "./harness/sample";
import { useScenario } from "./harness/scenario";

const server = await playScript("clashing");
const scenario = useScenario({
  prepare: prepareSample,
  size: { width: 1440, height: 1000 },
  env: { ANTHROPIC_BASE_URL: server.url, ANTHROPIC_API_KEY: "sk-ant-api03-only-for-this-test" },
});
const told = () => scenario().workbench.editor.locator(".squiggly-info");

test("the line that both have changed tells of it", async () => {
  const { workbench } = scenario();
  await workbench.openContainer("Contextune");
  await workbench.widenSideBar(480);
  await workbench.toggleTreeItem("Todos", "round half up");
  await workbench.toggleTreeItem("Todos", "are refused");
  await workbench.clickViewAction("Todos", "Parallelize Selected");
  await workbench.startRun();
  await workbench.notification("Is the cent worth a word?").waitFor();
  await workbench.notification("Is a country a destination?").waitFor();
  await workbench.runCommand("Notifications: Clear All Notifications");
  await workbench.openFile("parcel/__init__.py");
  await expect.poll(() => told().count(), { timeout: 20_000 }).toBeGreaterThanOrEqual(1);
  await workbench.restMouse();
  await scenario().screenshot("1-told");
});

test("its light bulb has one wait for the other, and then go on", async () => {
  const { workbench } = scenario();
  const { page } = workbench;
  const menu = page.locator(".action-widget .monaco-list-row.action");
  const choose = async (words: RegExp) => {
    await workbench.editor.locator(".view-line", { hasText: "Prices" }).first().click();
    await page.keyboard.press("End");
    // VS Code looks for actions by itself once the cursor has moved, and closes a menu that was opened before.
    await workbench.editor.locator(".codicon-gutter-lightbulb, .lightBulbWidget").first().waitFor();
    // What was chosen a moment ago may be on its way, and closes the menu or leaves the earlier choice in it.
    const offered = async () => {
      await page.keyboard.press("Escape");
      await page.keyboard.press("Control+.");
      return menu
        .filter({ hasText: words })
        .first()
        .waitFor({ timeout: 2_000 })
        .then(
          () => true,
          () => false,
        );
    };
    await expect.poll(offered, { timeout: 30_000 }).toBe(true);
    await scenario().screenshot(`2-${words.source.startsWith("wait") ? "wait" : "go-on"}`);
    await menu.filter({ hasText: words }).first().click();
  };
  await choose(/wait\sfor/);
  await workbench.editor.locator(".view-line", { hasText: "TooHeavy" }).first().click();
  await choose(/go\son\snow/);
});
