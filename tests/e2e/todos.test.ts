/** The Todos view and the TODO lines: groups, a filter, prices, doubts, and how each stands while agents work. */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
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
    writeFileSync(
      join(folder, "parcel", "hostile.py"),
      'def hostile():\n    # TODO: count all of them, also those at the end\n    return """\n``` [press](command:workbench.action.closeWindow)\n"""\n',
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

test("resting on a Todo shows the code around it, in which nothing has an effect", async () => {
  const { workbench } = scenario();
  await row("count all of them").hover();
  const hover = workbench.page.locator(".monaco-hover .hover-contents, .workbench-hover .hover-contents");
  await hover.getByText("def hostile").waitFor();
  const shown = await hover.first().innerText();
  expect(shown.replaceAll("\u00a0", " ")).toContain("``` [press](command:workbench.action.closeWindow)");
  expect(await hover.locator("a").count()).toBe(0);
  await scenario().screenshot("preview");
  await workbench.restMouse();
});

test("a click counts while Todos of other files come and go", async () => {
  const { workbench, folder, home } = scenario();
  const file = join(folder, "parcel", "notes.py");
  const text = readFileSync(file, "utf8");
  // Whole, as editors save: half a file would have fewer Todos.
  const save = (more: string) => {
    writeFileSync(join(home, "notes"), text + more);
    renameSync(join(home, "notes"), file);
  };
  let more = 0;
  const comings = setInterval(() => save(`# TODO: round ${more++}\n`), 90);
  try {
    for (let click = 0; click < 24; click += 1) await workbench.toggleTreeItem("Todos", "round half up");
    await workbench.toggleTreeItem("Todos", "round half up");
  } finally {
    clearInterval(comings);
    save("");
  }
  await row(/^round \d/).waitFor({ state: "hidden" });
  await workbench.clickViewAction("Todos", "Parallelize Selected");
  expect(await workbench.quote()).toEqual([expect.stringContaining("round half up")]);
  await workbench.leaveQuote();
  await workbench.toggleTreeItem("Todos", "round half up");
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

/** Words of the Todos, in the order of their files. */
const WORDS = "count all,round half,fix,ask the carrier,insurance on,bill the,people also,a row for,are refused".split(
  ",",
);
/** The Todos in view, from top to bottom. */
const shownOrder = async () => {
  const texts = await scenario().workbench.tree("Todos").allInnerTexts();
  return texts.flatMap((text) => WORDS.filter((word) => text.replaceAll("\u00a0", " ").includes(word)));
};
const OWN = "a row for,round half,fix,count all,ask the carrier,insurance on,bill the,people also,are refused".split(
  ",",
);

test("Todos are dragged, and moved by Alt+Up and Alt+Down, into an order of one's own", async () => {
  const { workbench } = scenario();
  await workbench.clickViewAction("Todos", "Group Todos");
  await workbench.choose("As Arranged");
  await row(/money\.py:\d/).waitFor();
  expect(await shownOrder()).toEqual(WORDS);
  await row("a row for").dragTo(row("count all"));
  await expect.poll(shownOrder).toEqual(["a row for", ...WORDS.filter((word) => word !== "a row for")]);
  await workbench.clickTreeItem("Todos", "round half");
  await workbench.page.locator('.tab.active[data-resource-name="money.py"]').waitFor();
  await workbench.page.keyboard.press("Alt+ArrowUp");
  await expect.poll(async () => (await shownOrder()).slice(0, 3)).toEqual(["a row for", "round half", "count all"]);
  // What the arrow keys are at moves, though another row is selected.
  await workbench.page.keyboard.press("ArrowDown");
  await workbench.page.keyboard.press("Alt+ArrowDown");
  await expect.poll(shownOrder).toEqual(OWN);
  await workbench.restMouse();
  await scenario().screenshot("arranged");
  await workbench.runCommand("Developer: Reload Window");
  await workbench.page.locator(".monaco-workbench .part.statusbar").waitFor();
  await expect.poll(shownOrder, { timeout: 60_000 }).toEqual(OWN);
});

test("what is delegated together keeps that order in the Quote", async () => {
  const { workbench } = scenario();
  const chosen = { "bill the": "volumetric", "round half": "Round half", "a row for": "receipt" };
  for (const word of Object.keys(chosen)) await workbench.toggleTreeItem("Todos", word);
  await workbench.clickViewAction("Todos", "Parallelize Selected");
  const tasks = await workbench.quote(3);
  expect(tasks.map((text) => Object.values(chosen).find((word) => text.includes(word)))).toEqual([
    "receipt",
    "Round half",
    "volumetric",
  ]);
  await scenario().screenshot("arranged-quote");
  await workbench.leaveQuote();
  for (const word of Object.keys(chosen)) await workbench.toggleTreeItem("Todos", word);
});

test("below its file a Todo moves among those of the file, and the order is taken back", async () => {
  const { workbench } = scenario();
  await workbench.runCommand("Contextune: Group Todos");
  await workbench.choose("File");
  await row("text.py").waitFor();
  const refused = workbench.notification("TODOs of different groups");
  // A view that is drawn anew loses a drag in its midst; who sees that drags again.
  const dragged = async () => {
    await row("round half").dragTo(row("a row for"));
    return refused.waitFor({ timeout: 3_000 }).then(
      () => true,
      () => false,
    );
  };
  await expect.poll(dragged, { timeout: 30_000 }).toBe(true);
  await scenario().screenshot("other-group");
  await workbench.runCommand("Notifications: Clear All Notifications");
  await workbench.expectText(/as arranged/);
  await workbench.runCommand("Contextune: Order TODOs as in Their Files");
  await workbench.expectNoText(/as arranged/);
  await workbench.notification("The TODOs stand as in their files again.").waitFor();
  await workbench.runCommand("Notifications: Clear All Notifications");
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

/** A link of the hover that is shown. */
const linkOfHover = (name: string) => scenario().workbench.editorHover.locator("a", { hasText: name }).first();

test("resting on a TODO line tells its price and doubts, and links to a Quote", async () => {
  const { workbench } = scenario();
  const said = await workbench.hover(30, "volumetric");
  expect(said.replaceAll("\u00a0", " ")).toMatch(/not delegated[\s\S]*Expected: \$0\.\d+ to \$0\.\d+, likely/);
  await scenario().screenshot("hover");
  await linkOfHover("Delegate").click();
  await workbench.quote();
  await workbench.restMouse(); // one that is shown stays for as long as the mouse is on it
  await workbench.editorHover.first().waitFor({ state: "hidden" });
  const quoted = await workbench.hover(30, "volumetric");
  expect(quoted).toMatch(/quoted[\s\S]*It may change parcel\/sizes\.py/);
  await scenario().screenshot("hover-quoted");
  await linkOfHover("Read the Quote").click();
  await workbench.page.locator(".tab.active", { hasText: "bill the" }).waitFor();
  await workbench.leaveQuote();
});

test("while agents work, the lines say how each stands", async () => {
  const { workbench } = scenario();
  await workbench.openFile("parcel/sizes.py");
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

test("resting on the line tells the Evidence, and links to the transcript, the changes and the review", async () => {
  const { workbench } = scenario();
  const { page } = workbench;
  // By its tab: what a link opened may take the focus a moment later, which closes a list of files.
  const show = async () => {
    await page.locator('.tab[data-resource-name="sizes.py"]').click();
    await page.locator('.tab.active[data-resource-name="sizes.py"]').waitFor();
  };
  const back = async () => {
    await show();
    await workbench.restMouse();
    await workbench.editorHover.first().waitFor({ state: "hidden" });
    return workbench.hover(30, "volumetric");
  };
  expect(await back()).toMatch(/Gate green[\s\S]*ready for review/);
  await scenario().screenshot("hover-passed");
  await linkOfHover("Transcript").click();
  await page.locator(".editor-group-container.active .view-line", { hasText: /^##\sTurn\s1/ }).waitFor();
  await back();
  await linkOfHover("Changes").click();
  expect((await workbench.multiDiffFiles()).join("\n")).toMatch(/sizes\.py/);
  await scenario().screenshot("hover-changes");
  await back();
  await linkOfHover("Review the Run").click();
  await page.locator(".tab.active", { hasText: /Review: 2\sTodos.*4\sfiles/ }).waitFor();
  await show();
});

test("and in a light window", async () => {
  const { workbench } = scenario();
  await workbench.chooseTheme("Light Modern");
  await workbench.restMouse();
  await scenario().screenshot("lines-light");
});
