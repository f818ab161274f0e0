/** A Run on a protected branch becomes a pull request on GitHub, and its issue is closed when that is merged. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { venvProgram } from "../../extension/scripts/python.mjs";
import { GitHub, token } from "./harness/gitHub";
import { prepareSample, useDaemon } from "./harness/sample";
import { useScenario } from "./harness/scenario";

let github: GitHub | undefined;
const env: Record<string, string> = {};

const scenario = useScenario({
  prepare: async (home) => {
    github = await GitHub.start();
    env.GITHUB_API_URL = github.url;
    const folder = await prepareSample(home);
    useDaemon(home, signedIn(home));
    github.clone(folder, join(home, "remote.git"));
    return folder;
  },
  env,
  settings: { "contextune.offline": true, "contextune.issues": "ask" },
});
afterAll(() => github?.stop());

/** The daemon of this clone, signed in: code-server takes a GITHUB_TOKEN of its own environment for itself. */
function signedIn(home: string): string {
  const file = join(home, "contextune.sh");
  const script = `#!/bin/sh\nGITHUB_TOKEN=${token} exec "${venvProgram("contextune")}" "$@"\n`;
  writeFileSync(file, script, { mode: 0o755 });
  return file;
}

const list = async (what: string) =>
  (await github?.call("GET", `/repos/${github.name}/${what}?state=all`)) as Record<string, string>[];

test("issues are made where the user agrees", async () => {
  const { workbench } = scenario();
  await workbench.openContainer("Contextune");
  await workbench.widenSideBar(480);
  await workbench.toggleTreeItem("Todos", "round half up");
  await workbench.clickViewAction("Todos", "Parallelize Selected");
  await workbench.quote();
  await workbench.clickViewAction("Quote", "Start Run");
  await workbench.expectText("Make issues on GitHub for this Run?");
  await scenario().screenshot("1-asked");
  await workbench.page.getByRole("button", { name: "Make Issues" }).click();
  await workbench.notification("Ready for review").waitFor({ timeout: 80_000 });
  await expect.poll(() => list("issues"), { timeout: 20_000 }).toMatchObject([{ state: "open" }]);
  expect(await list("pulls")).toEqual([]);
});

test("a protected branch stays, and the result becomes a pull request", async () => {
  const { workbench } = scenario();
  await workbench.runCommand("Notifications: Clear All Notifications");
  await workbench.runCommand("Contextune: Accept Run");
  await workbench.notification("main is protected").waitFor({ timeout: 30_000 });
  await scenario().screenshot("2-protected");
  await workbench.page.getByRole("button", { name: "Open Pull Request" }).first().click();
  await workbench.notification("Pull request #2 is open").waitFor({ timeout: 60_000 });
  await workbench.restMouse();
  await scenario().screenshot("3-pull-request");
  expect(await list("pulls")).toMatchObject([{ number: 2, state: "open", draft: false }]);
});

test("who is signed in is said", async () => {
  const { workbench } = scenario();
  await workbench.runCommand("Notifications: Clear All Notifications");
  await workbench.runCommand("Contextune: Sign In to GitHub");
  await workbench.notification("Signed in to localhost").waitFor();
  await scenario().screenshot("4-signed-in");
  await workbench.runCommand("Notifications: Clear All Notifications");
});

test("the pull request is opened in the browser from the Run's row", async () => {
  const { workbench } = scenario();
  const opened = workbench.page.context().waitForEvent("page");
  await workbench.clickTreeAction("Runs", "1 of 1", "Open Pull Request");
  expect((await opened).url()).toMatch(/\/pull\/2$/);
  await scenario().screenshot("5-browser");
  await (await opened).close();
});

test("a second Run is accepted by a pull request of its own at once", async () => {
  const { workbench } = scenario();
  await workbench.toggleTreeItem("Todos", "are refused");
  await workbench.clickViewAction("Todos", "Parallelize Selected");
  await workbench.quote();
  await workbench.clickViewAction("Quote", "Start Run");
  await workbench.clickDialogButton("Start Without");
  await workbench.notification("Ready for review").waitFor({ timeout: 80_000 });
  await workbench.runCommand("Notifications: Clear All Notifications");
  await workbench.runCommand("Contextune: Accept by Pull Request");
  await workbench.notification("Pull request #3 is open").waitFor({ timeout: 60_000 });
  await workbench.restMouse();
  await scenario().screenshot("6-second");
  expect(await list("pulls")).toHaveLength(2);
});
