/** The Todos view and the TODO lines: groups, a filter, prices, doubts, and how each stands while agents work. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { prepareSample } from "./harness/sample";
import { useScenario } from "./harness/scenario";

const scenario = useScenario({
  prepare: (home) => {
    const folder = prepareSample(home);
    writeFileSync(
      join(folder, "parcel", "notes.py"),
      "# TODO: fix\n# FIXME(mira): ask the carrier whether this holds?\n",
    );
    return folder;
  },
  settings: { "contextune.offline": true },
});
const row = (text: RegExp | string) => scenario().workbench.treeItem("Todos", text);

test("each Todo has an expected price, and what is not worth delegating says why", async () => {
  const { workbench } = scenario();
  await workbench.openContainer("Contextune");
  await workbench.widenSideBar(560);
  await row(/round half up.*about \$0\.\d+/).waitFor();
  await row("fix").locator(".codicon-info").waitFor();
  await row("fix").hover();
  await workbench.page.getByText("It says too little: an agent would have to guess.").first().waitFor();
  await scenario().screenshot("prices");
});

test("they are grouped by tag, owner and age", async () => {
  const { workbench } = scenario();
  for (const [by, heading] of [
    ["Tag", "No tag"],
    ["Owner", "A Developer"],
    ["Age", "In the last 7 days"],
  ] as const) {
    await workbench.clickViewAction("Todos", "Group Todos");
    await workbench.choose(by);
    await row(heading).waitFor();
    await workbench.restMouse();
    await scenario().screenshot(`by-${by.toLowerCase()}`);
  }
  await workbench.runCommand("Contextune: Group Todos");
  await workbench.choose("File");
  await row("money.py").waitFor();
});

test("a filter shows what has its words, until all are shown again", async () => {
  const { workbench } = scenario();
  await workbench.clickViewAction("Todos", "Filter Todos");
  await workbench.answer("sizes volumetric");
  await row("money.py").waitFor({ state: "hidden" });
  await row("bill the volumetric weight").waitFor();
  await workbench.expectText(/1 in 1 file · with “sizes volumetric”/);
  await scenario().screenshot("filter");
  await workbench.clickViewAction("Todos", "Show All Todos");
  await row("money.py").waitFor();
});

test("the lens on a TODO line tells what it would cost", async () => {
  const { workbench } = scenario();
  await workbench.openFile("parcel/sizes.py");
  await workbench.goToLine(30);
  await workbench.editor
    .locator(".codelens-decoration", { hasText: /Delegate · about \$0\.\d+/ })
    .first()
    .waitFor();
});

test("while agents work, the lines say how each stands", async () => {
  const { workbench } = scenario();
  await workbench.runCommand("Contextune: Parallelize the TODOs in This File");
  await workbench.startRun();
  await workbench.notification("Ready for review").waitFor({ timeout: 80_000 });
  await workbench.runCommand("Notifications: Clear All Notifications");
  await workbench.openFile("parcel/sizes.py");
  await workbench.goToLine(30);
  await expect.poll(() => workbench.behindLines(), { timeout: 20_000 }).toMatch(/\$0\.\d+ · passed/);
  await row(/bill the volumetric weight.*passed/).waitFor();
  await scenario().screenshot("lines");
});

test("and in a light window", async () => {
  const { workbench } = scenario();
  await workbench.chooseTheme("Light Modern");
  await workbench.restMouse();
  await scenario().screenshot("lines-light");
});
