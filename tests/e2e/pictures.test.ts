/** The README's pictures: the way from TODO comments to a review; `docs/` holds them as they were when the window last changed. */
import { test } from "vitest";
import { prepareSample } from "./harness/sample";
import { useScenario } from "./harness/scenario";

const scenario = useScenario({
  prepare: prepareSample,
  settings: { "contextune.offline": true },
  size: { width: 1280, height: 800 },
});
const runsRow = (text: RegExp | string) => scenario().workbench.treeItem("Runs", text);

test("todos: a right click on a TODO", async () => {
  const { workbench } = scenario();
  await workbench.openContainer("Contextune");
  await workbench.widenSideBar(480);
  await workbench.openFile("parcel/sizes.py");
  await workbench.goToLine(48);
  await workbench.editor.locator(".codelens-decoration", { hasText: "Delegate" }).first().waitFor();
  await workbench.openContextMenu(48);
  await scenario().screenshot("todos");
  await workbench.dismiss();
});

test("quote: Tasks, waves and the price", async () => {
  const { workbench } = scenario();
  await workbench.runCommand("Contextune: Parallelize All TODOs");
  await workbench.quote();
  await workbench.restMouse();
  await scenario().screenshot("quote");
});

test("run: Tasks with their state and dollars", async () => {
  const { workbench } = scenario();
  await workbench.startRun();
  await runsRow(/[12] of 6/).waitFor();
  await scenario().screenshot("run");
  await workbench.notification("Ready for review").waitFor({ timeout: 80_000 });
});

test("review: the riskiest Task first, with the reasons", async () => {
  const { workbench } = scenario();
  await workbench.clickNotificationButton("Ready for review", "Review");
  await workbench.multiDiffFiles();
  await runsRow("Round half a cent up").click();
  await runsRow("parcel/money.py").waitFor();
  await workbench.restMouse();
  await scenario().screenshot("review");
});
