/** What neither git nor an agent can merge: the user does, in VS Code's three-way editor, and the tests judge it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { playScript } from "./harness/messagesServer";
import { prepareSample } from "./harness/sample";
import { useScenario } from "./harness/scenario";

const server = await playScript("conflict");
const scenario = useScenario({
  prepare: prepareSample,
  size: { width: 1600, height: 1000 },
  settings: {
    "contextune.gateRetries": 0,
    "contextune.ladder": [{ model: "claude-haiku-5-5", effort: "low", tries: 1 }],
    "contextune.mergeBySyntax": false,
  },
  env: { ANTHROPIC_BASE_URL: server.url, ANTHROPIC_API_KEY: "sk-ant-api03-only-for-this-test" },
});
const asked = "Shall amounts below zero";
const cannot = "with “Bill the volumetric weight”. The conflict-resolver could not either.";
const runsRow = (text: RegExp | string) => scenario().workbench.treeItem("Runs", text);

test("what nobody could merge waits for the user", async () => {
  const { workbench } = scenario();
  await workbench.openContainer("Contextune");
  await workbench.widenSideBar(640);
  await workbench.toggleTreeItem("Todos", "round half up");
  await workbench.toggleTreeItem("Todos", "volumetric weight");
  await workbench.clickViewAction("Todos", "Parallelize Selected");
  await workbench.startRun();
  await workbench.restMouse();
  await workbench.notification(asked).waitFor({ timeout: 80_000 });
  await runsRow(/Bill the volumetric weight.*passed/).waitFor();
  await workbench.clickNotificationButton(asked, "Answer");
  await workbench.choose("Yes");
  await workbench.restMouse();
  await runsRow("resolving a conflict").waitFor({ timeout: 80_000 });
  await runsRow("conflict-resolver, Sonnet").waitFor();
  await scenario().screenshot("0-resolving");
  await workbench.notification(cannot).waitFor({ timeout: 80_000 });
  await workbench.restMouse();
  await scenario().screenshot("1-cannot");
});

test("the three-way editor shows both sides, and takes both", async () => {
  const { workbench } = scenario();
  const { page } = workbench;
  await workbench.clickNotificationButton(cannot, "Merge by Hand");
  await page.locator(".merge-editor", { hasText: /1\sConflict Remaining/ }).waitFor();
  await workbench.notification("save, then say so").waitFor();
  await scenario().screenshot("2-three-way");
  await page
    .locator(".merge-editor a", { hasText: /Accept Combination/ })
    .first()
    .click();
  await page.locator(".merge-editor", { hasText: /0\sConflicts Remaining/ }).waitFor();
  await workbench.restMouse();
  await scenario().screenshot("3-combined");
});

test("the tests judge what was merged, and the Run is ready", async () => {
  const { workbench, folder } = scenario();
  await workbench.clickNotificationButton("save, then say so", "It is merged");
  await workbench.notification("Ready for review: 2 of 2 Tasks").waitFor({ timeout: 80_000 });
  await scenario().screenshot("4-ready");
  await workbench.runCommand("Contextune: Accept Run");
  await workbench.notification("Accepted on main: 2 of 2 Tasks").waitFor();
  expect(readFileSync(join(folder, "parcel", "__init__.py"), "utf8")).toContain('"fits", "make_quote", "to_cents"]');
});
