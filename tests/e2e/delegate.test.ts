/** The main job: one TODO becomes tested, merged work, and is undone again, all within VS Code. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { venvProgram } from "../../extension/scripts/python.mjs";
import { git } from "./harness/repository";
import { prepareSample } from "./harness/sample";
import { useScenario } from "./harness/scenario";

const scenario = useScenario({ prepare: prepareSample, settings: { "contextune.offline": true } });

const file = "parcel/money.py";
const text = () => readFileSync(join(scenario().folder, file), "utf8");
let before: { text: string; head: string; status: string };

test("the Todos view lists the TODO comments", async () => {
  const { workbench, folder } = scenario();
  await workbench.openContainer("Contextune");
  await workbench.widenSideBar(520);
  await workbench.treeItem("Todos", "round half up").waitFor();
  before = { text: text(), head: git(folder, "rev-parse", "HEAD"), status: git(folder, "status", "--porcelain") };
  await scenario().screenshot("1-todos");
});

test("a right click on the TODO's line delegates it", async () => {
  const { workbench } = scenario();
  await workbench.openFile(file);
  await workbench.editor.locator(".codelens-decoration", { hasText: "Delegate" }).waitFor();
  await workbench.contextMenu(6, "Delegate This TODO");
  expect(await workbench.quote(1)).toHaveLength(1);
  await scenario().screenshot("2-quote");
});

test("the approved Quote becomes a Run that the meter follows", async () => {
  const { workbench } = scenario();
  await workbench.startRun();
  await workbench.statusBarItem(/\$0\.0*[1-9]/).waitFor();
  await scenario().screenshot("3-running");
  await workbench.notification("Ready for review: 1 of 1 Tasks").waitFor();
  await workbench.editor.locator(".codelens-decoration", { hasText: "ready for review" }).waitFor();
  await workbench.restMouse();
  await scenario().screenshot("4-ready");
});

test("the review shows the diff", async () => {
  const { workbench } = scenario();
  await workbench.clickNotificationButton("Ready for review", "Review");
  expect(await workbench.multiDiffFiles()).toContainEqual(expect.stringMatching(/^money\.py/));
  await scenario().screenshot("5-review");
});

test("Accept changes the file on disk, and the sample's own tests pass", async () => {
  const { workbench, folder } = scenario();
  expect(text()).toBe(before.text);
  await workbench.runCommand("Contextune: Accept Run");
  await workbench.notification("Accepted on main: 1 of 1 Tasks").waitFor();
  await workbench.restMouse();
  await scenario().screenshot("6-accepted");
  expect(text()).not.toBe(before.text);
  expect(text()).not.toContain("TODO");
  expect(git(folder, "rev-parse", "HEAD")).not.toBe(before.head);
  execFileSync(venvProgram("python"), ["-m", "unittest", "discover"], { cwd: folder, timeout: 60_000, stdio: "pipe" });
});

test("Undo brings every byte back", async () => {
  const { workbench, folder } = scenario();
  await workbench.clickNotificationButton("Accepted on main", "Undo");
  await workbench.notification("Undone: main is back where it was").waitFor();
  await workbench.treeItem("Todos", "round half up").waitFor();
  await workbench.treeItem("Runs", "undone").waitFor();
  await scenario().screenshot("7-undone");
  expect({
    text: text(),
    head: git(folder, "rev-parse", "HEAD"),
    status: git(folder, "status", "--porcelain"),
  }).toEqual(before);
});
