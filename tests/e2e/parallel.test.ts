/** Every TODO of the sample at once: ticks, the Quote, the Run's rows, the transcript, the costs, the review. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { git } from "./harness/repository";
import { prepareSample } from "./harness/sample";
import { useScenario } from "./harness/scenario";

const scenario = useScenario({ prepare: prepareSample, settings: { "contextune.offline": true } });

const sources = () => {
  const folder = join(scenario().folder, "parcel");
  return readdirSync(folder)
    .filter((name) => name.endsWith(".py"))
    .map((name) => readFileSync(join(folder, name), "utf8"))
    .join("\n");
};
const comments = () => sources().match(/# (TODO|FIXME)/g)?.length ?? 0;
let head: string;

test("ticked TODOs can be parallelized together", async () => {
  const { workbench, folder } = scenario();
  head = git(folder, "rev-parse", "HEAD");
  await workbench.openContainer("Contextune");
  await workbench.toggleTreeItem("Todos", "round half up");
  await workbench.toggleTreeItem("Todos", "are refused");
  await scenario().screenshot("1-ticked");
  await workbench.clickViewAction("Todos", "Parallelize Selected");
  expect(await workbench.quote(2)).toHaveLength(2);
  await scenario().screenshot("2-quote-of-two");
  await workbench.leaveQuote();
});

test("a file's box ticks all of its TODOs, and one of them can be left out again", async () => {
  const { workbench } = scenario();
  await workbench.toggleTreeItem("Todos", "sizes.py");
  await workbench.toggleTreeItem("Todos", "people also write");
  await scenario().screenshot("3-ticked-by-file");
  await workbench.clickViewAction("Todos", "Parallelize Selected");
  await workbench.treeItem("Quote", "Bill the volumetric weight").waitFor();
  const chosen = await workbench.quote();
  expect(chosen.join("\n")).toContain("Bill the volumetric weight");
  expect(chosen.join("\n")).not.toContain("Read sizes");
  expect(chosen).toHaveLength(3);
  await workbench.leaveQuote();
});

test("all TODOs of the workspace are quoted, wave by wave", async () => {
  const { workbench } = scenario();
  await workbench.runCommand("Contextune: Parallelize All TODOs");
  await workbench.treeItem("Quote", "Wave 2").waitFor();
  expect((await workbench.quote()).length).toBeGreaterThanOrEqual(5);
  await scenario().screenshot("4-quote-of-all");
});

test("the Run's Tasks are rows that tell how each stands", async () => {
  const { workbench } = scenario();
  await workbench.widenSideBar(560);
  await workbench.startRun();
  await workbench
    .treeItem("Runs", /working.*turn [1-9]/s)
    .first()
    .waitFor();
  await workbench.restMouse();
  await scenario().screenshot("5-working");
  await workbench.notification("Ready for review").waitFor({ timeout: 80_000 });
  await scenario().screenshot("6-ready");
});

test("a transcript tells what an agent was told and did", async () => {
  const { workbench } = scenario();
  await workbench.runCommand("Notifications: Clear All Notifications");
  await workbench.clickTreeAction("Runs", "passed", "Open Transcript");
  await workbench.page.locator(".editor-group-container.active .view-line", { hasText: /^##\sTurn\s1/ }).waitFor();
  await scenario().screenshot("7-transcript");
});

test("the costs are shown by day, Run and role", async () => {
  const { workbench } = scenario();
  await workbench.treeItem("Costs", "All Time").waitFor();
  await workbench.treeItem("Costs", "Days").waitFor();
  await workbench.treeItem("Costs", "Roles").click();
  await workbench.treeItem("Costs", "orchestrator").waitFor();
  await scenario().screenshot("8-costs");
});

test("the review goes by Task, and accepts from its own title bar", async () => {
  const { workbench, folder } = scenario();
  const before = comments();
  expect(before).toBeGreaterThanOrEqual(5);
  await workbench.runCommand("Contextune: Review Changes");
  expect((await workbench.multiDiffFiles()).join("\n")).toMatch(/money\.py.*Round half a cent up/);
  await scenario().screenshot("9-review");
  await workbench.page.locator('.editor-actions .action-label[aria-label^="Accept Run"]').click();
  await workbench.notification("Accepted on main").waitFor();
  await scenario().screenshot("10-accepted");
  expect(comments()).toBeLessThan(before);
  expect(git(folder, "rev-parse", "HEAD")).not.toBe(head);
});

test("a restart of the daemon loses nothing, and the Run can be undone afterwards", async () => {
  const { workbench, folder } = scenario();
  await workbench.runCommand("Contextune: Restart Daemon");
  await workbench.treeItem("Runs", "accepted").waitFor();
  await workbench.runCommand("Contextune: Undo Run");
  await workbench.notification("Undone: main is back where it was").waitFor();
  await workbench.treeItem("Todos", "round half up").waitFor();
  expect({ head: git(folder, "rev-parse", "HEAD"), status: git(folder, "status", "--porcelain") }).toEqual({
    head,
    status: "",
  });
});
