/** Extension and daemon of different versions: the user's own daemon is named, the extension's is installed anew. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../../extension/scripts/steps.mjs";
import { nameOf, pythonOf } from "../../extension/src/python/environment";
import { findInterpreter } from "../../extension/src/python/interpreter";
import { writeOldDaemon } from "./harness/oldDaemon";
import { makeRepository } from "./harness/repository";
import { useDaemon } from "./harness/sample";
import { useScenario } from "./harness/scenario";

/** The environment that the extension will look for, as one in which another version answers. */
async function leaveStaleEnvironment(home: string): Promise<void> {
  const bundle = join(root, "extension", "daemon");
  const wheel = readdirSync(bundle).find((name) => name.endsWith(".whl")) ?? "";
  const name = await nameOf(await findInterpreter(""), [join(bundle, wheel), join(bundle, "requirements.txt")]);
  const storage = join(home, "user-data", "User", "globalStorage", "contextune.contextune");
  writeOldDaemon(pythonOf(join(storage, name)), "0.0.8");
}

const scenario = useScenario({
  prepare: async (home) => {
    const own = join(home, "theirs", "contextune");
    writeOldDaemon(own, "0.0.9");
    useDaemon(home, own);
    await leaveStaleEnvironment(home);
    return makeRepository(join(home, "plain"), { "price.py": "# TODO: refuse a weight below zero\n" });
  },
});

test("a daemon that the user named and that speaks another protocol is told with both versions", async () => {
  const { workbench } = scenario();
  await workbench.notification("The daemon that contextune.daemonPath names is version 0.0.9").waitFor();
  await workbench.openContainer("Contextune");
  await workbench.expectText("The daemon does not run, so no TODO can be shown.");
  await scenario().screenshot("1-named");
});

test("the extension's own takes its place, and where that is another version it is installed anew", async () => {
  const { workbench, home } = scenario();
  await workbench.clickNotificationButton("The daemon that contextune.daemonPath names", "Use the Extension's Daemon");
  await workbench.treeItem("Todos", "refuse a weight below zero").waitFor({ timeout: 240_000 });
  await scenario().screenshot("2-mended");
  const settings = JSON.parse(readFileSync(join(home, "user-data", "Machine", "settings.json"), "utf8"));
  expect(settings).not.toHaveProperty("contextune.daemonPath");
}, 300_000);

test("the log tells what was wrong", async () => {
  const { workbench } = scenario();
  await workbench.runCommand("Contextune: Show Log");
  await workbench.expectText("stale-daemon: 0.0.8, expected 0.1.0: it is installed anew");
  await scenario().screenshot("3-log");
});
