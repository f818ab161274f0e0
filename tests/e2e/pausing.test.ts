/** One Task is paused while the others go on, those that wait begin on another rung, and the Run says what it waits for. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { playScript } from "./harness/messagesServer";
import { git } from "./harness/repository";
import { prepareSample } from "./harness/sample";
import { useScenario } from "./harness/scenario";

const server = await playScript("pausing");
const scenario = useScenario({
  prepare: prepareSample,
  size: { width: 1440, height: 1000 },
  settings: { "contextune.agents": 1 },
  env: { ANTHROPIC_BASE_URL: server.url, ANTHROPIC_API_KEY: "sk-ant-api03-only-for-this-test" },
});
const titles = ["Round half a cent up", "Bill the volumetric weight", "Take country codes in any case"];
const change = "Contextune: Change Budget, Agents or Rung";
const patience = { timeout: 30_000 };
let busy = "";
const others = () => titles.filter((title) => title !== busy);
const row = (title: string, state: string) => scenario().workbench.treeItem("Runs", new RegExp(`${title}.*${state}`));

/** Lets the agents go on that wait in their worktrees. */
function letGo(): void {
  const listed = git(scenario().folder, "worktree", "list", "--porcelain");
  const worktrees = [...listed.matchAll(/^worktree (.+)$/gm)].map(([, path]) => path ?? "");
  for (const path of worktrees.filter((one) => existsSync(join(one, "at-work")))) writeFileSync(join(path, "go"), "");
}

async function setBudget(dollars: string): Promise<void> {
  const { workbench } = scenario();
  await workbench.runCommand(change);
  await workbench.choose("Budget", "");
  await workbench.expectText("what is spent included");
  // The box may take the amount that it offers after an answer that comes at once.
  const input = workbench.quickInput.locator("input").first();
  let stood = "";
  const stays = async () => {
    const before = stood;
    stood = await input.inputValue();
    if (stood !== dollars) await input.fill(dollars);
    return stood === dollars && before === dollars;
  };
  await expect.poll(stays, { ...patience, interval: 200 }).toBe(true);
  await workbench.page.keyboard.press("Enter");
}

/** Waits until the command offers this: what was changed a moment ago may be on its way. */
async function offered(wanted: RegExp): Promise<void> {
  const { workbench } = scenario();
  await expect
    .poll(async () => {
      await workbench.dismiss();
      await workbench.runCommand(change);
      return (await workbench.choices()).join("\n");
    }, patience)
    .toMatch(wanted);
}

test("one agent is at work, and two Tasks wait for it", async () => {
  const { workbench } = scenario();
  await workbench.openContainer("Contextune");
  await workbench.widenSideBar(640);
  const todos = ["round half up", "volumetric weight", "are refused"];
  const box = (todo: string) => workbench.treeItem("Todos", todo).locator('[role="checkbox"]').first();
  // A redraw may lose a click in its midst.
  await expect
    .poll(async () => {
      for (const todo of todos) {
        if ((await box(todo).getAttribute("aria-checked")) !== "true") await workbench.toggleTreeItem("Todos", todo);
      }
      return Promise.all(todos.map((todo) => box(todo).getAttribute("aria-checked")));
    }, patience)
    .toEqual(["true", "true", "true"]);
  await workbench.clickViewAction("Todos", "Parallelize Selected");
  expect(await workbench.quote(3)).toHaveLength(3);
  await workbench.startRun();
  await workbench.treeItem("Runs", /working.*turn 1/).waitFor({ timeout: 80_000 });
  const rows = await workbench.tree("Runs").allInnerTexts();
  busy = titles.find((title) => rows.some((text) => text.includes(title) && text.includes("working"))) ?? "";
  expect(busy).not.toBe("");
  for (const title of others()) await row(title, "waiting").waitFor();
});

test("a Task that waits begins on another rung, chosen by its price", async () => {
  const { workbench } = scenario();
  const [first = "", second = ""] = others();
  await workbench.clickTreeAction("Runs", new RegExp(`${first}.*waiting`), "Choose Another Rung");
  const rungs = await workbench.choices();
  expect(rungs[0]).toMatch(/Haiku 5\.5, low[\s\S]*chosen now[\s\S]*likely \$/);
  expect(rungs.at(-1)).toMatch(/Opus 5\.5, medium[\s\S]*likely \$/);
  await workbench.quickInput.locator('input[placeholder*="of the Run\'s budget is left"]').waitFor();
  await scenario().screenshot("1-rungs");
  await workbench.choose("Opus 5.5, medium");
  await expect
    .poll(async () => {
      // What was chosen a moment ago may be on its way, and draws the row anew.
      await workbench.dismiss();
      await workbench.clickTreeAction("Runs", new RegExp(`${first}.*waiting`), "Choose Another Rung");
      return (await workbench.choices()).at(-1);
    }, patience)
    .toMatch(/Opus 5\.5, medium[\s\S]*chosen now/);
  await workbench.dismiss();
  expect(second).not.toBe("");
});

test("what the budget does not hold is refused with the sum, for all that wait at once", async () => {
  const { workbench } = scenario();
  await setBudget("0.10");
  await offered(/Budget\s*\$0\.10[\s\S]*Rung of Waiting Tasks\s*2/);
  await scenario().screenshot("2-what-shall-change");
  await workbench.choose("Rung of Waiting Tasks", "");
  await expect
    .poll(async () => (await workbench.choices()).at(-1), patience)
    .toMatch(/Opus 5\.5[\s\S]*more than is left/);
  await scenario().screenshot("3-more-than-is-left");
  await workbench.choose("Opus 5.5, medium");
  await workbench.notification("Raise it first").waitFor();
  await scenario().screenshot("4-refused");
  await workbench.runCommand("Notifications: Clear All Notifications");
  await setBudget("2.00");
  await offered(/Budget\s*\$2\.00/);
  await workbench.dismiss();
});

test("the Task at work is paused, and leaves its place to the next, which begins on the rung that was chosen", async () => {
  const { workbench } = scenario();
  const [first = ""] = others();
  await workbench.clickTreeAction("Runs", new RegExp(`${busy}.*working`), "Pause Task");
  await row(busy, "paused · turn 1").waitFor();
  letGo();
  await workbench.treeItem("Runs", /working.*turn 1/).waitFor();
  await scenario().screenshot("5-paused");
  // Whichever comes first, the one that was moved works on Opus.
  await expect
    .poll(
      async () => {
        letGo();
        return (await workbench.tree("Runs").allInnerTexts()).filter((text) => /\spassed/.test(text)).length;
      },
      { timeout: 100_000, interval: 500 },
    )
    .toBe(2);
  await workbench.clickTreeItem("Runs", new RegExp(`${first}.*passed`));
  await workbench.page.keyboard.press("ArrowRight");
  await workbench.treeItem("Runs", "Attempt 1: Opus 5.5, medium").waitFor();
}, 150_000);

test("a Run whose only Task that is left is paused says what it waits for", async () => {
  const { workbench } = scenario();
  await workbench.treeItem("Runs", /2 of 3.*paused/).waitFor();
  await workbench.treeItem("Runs", "2 of 3").hover();
  await workbench.page
    .locator(".monaco-hover:not(.hidden)", { hasText: `It waits for you to resume “${busy}”.` })
    .waitFor();
  await scenario().screenshot("6-the-run-rests");
  await workbench.restMouse();
});

test("it goes on where it stood, to the end", async () => {
  const { workbench } = scenario();
  await workbench.clickTreeAction("Runs", new RegExp(`${busy}.*paused`), "Resume Task");
  await workbench.notification("Ready for review: 3 of 3 Tasks").waitFor({ timeout: 80_000 });
  await row(busy, "passed").waitFor();
  await scenario().screenshot("7-ready");
});
