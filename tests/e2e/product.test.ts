/** What concerns Contextune itself: a selection quoted, a debug bundle, commands without a Fence. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { prepareSample } from "./harness/sample";
import { useScenario } from "./harness/scenario";

const scenario = useScenario({ prepare: prepareSample, settings: { "contextune.offline": true } });

test("the TODOs on the selected lines are quoted together", async () => {
  const { workbench } = scenario();
  await workbench.openContainer("Contextune");
  await workbench.widenSideBar(520);
  await workbench.openFile("parcel/sizes.py");
  await workbench.editor.locator(".codelens-decoration", { hasText: "Delegate" }).first().waitFor();
  await workbench.page.keyboard.press("Control+A");
  await workbench.runCommand("Contextune: Parallelize the TODOs in the Selection");
  expect(await workbench.quote(2)).toHaveLength(2);
  await workbench.restMouse();
  await scenario().screenshot("1-selection");
  await workbench.leaveQuote();
});

test("a debug bundle says what is in it before it is written", async () => {
  const { workbench, home } = scenario();
  const file = join(home, "debug.zip");
  await workbench.runCommand("Contextune: Save a Debug Bundle…");
  await workbench.dialog.waitFor();
  expect(await workbench.dialog.innerText()).toContain("Keys and passwords are masked.");
  await scenario().screenshot("2-bundle");
  await workbench.clickDialogButton("Save…");
  // The dialog comes with a path in the home folder, a moment after it is there.
  await expect.poll(() => workbench.quickInput.locator("input").first().inputValue()).toContain("contextune-debug");
  await workbench.quickInput.locator("input").first().fill(file);
  await workbench.quickInput.locator(".monaco-list-row", { hasText: "user-data" }).waitFor(); // its folder is listed
  await workbench.quickInput.locator(".monaco-button", { hasText: "OK" }).click();
  await workbench.notification("The debug bundle is at").waitFor();
  await scenario().screenshot("3-saved");
  expect(existsSync(file)).toBe(true);
  await workbench.runCommand("Notifications: Clear All Notifications");
});

test("commands without a Fence are allowed by the folder's name, and by no other", async () => {
  const { workbench } = scenario();
  await workbench.runCommand("Contextune: Allow Commands Without a Fence");
  await workbench.quickInput.locator("input").fill("yes");
  await workbench.expectText("The folder is called parcel.");
  await scenario().screenshot("4-name");
  await workbench.answer("parcel");
  await workbench.notification("agents may run commands as you in parcel").waitFor();
  await workbench.restMouse();
  await scenario().screenshot("5-allowed");
  await workbench.runCommand("Notifications: Clear All Notifications");
});
