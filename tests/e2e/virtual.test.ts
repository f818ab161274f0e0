/** A folder that is on no disk: VS Code leaves Contextune out there, and says why in Contextune's own words. */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { nodeProgram } from "../../extension/scripts/node.mjs";
import { root } from "../../extension/scripts/steps.mjs";
import { daemonsOf } from "./harness/processes";
import { useScenario } from "./harness/scenario";

const memory = "memory.vsix";

/** A workspace whose only folder is the other extension's. */
function prepare(home: string): string {
  const packing = ["package", "--no-dependencies", "--allow-missing-repository", "--skip-license"];
  execFileSync(process.execPath, [nodeProgram("@vscode/vsce", "vsce"), ...packing, "--out", join(home, memory)], {
    cwd: join(root, "tests", "e2e", "memory"),
    stdio: "pipe",
  });
  const workspace = join(home, "virtual.code-workspace");
  writeFileSync(workspace, JSON.stringify({ folders: [{ uri: "memory:/notes" }] }));
  return workspace;
}

const scenario = useScenario({ prepare, extensions: [memory], activates: false });

test("nothing of it is in the window, and no daemon runs", async () => {
  const { workbench, home } = scenario();
  await workbench.expectText("idea.py");
  await workbench.page.locator('.activitybar .action-item[role="tab"]').first().waitFor();
  expect(await workbench.page.locator('.activitybar [aria-label^="Contextune"]').count()).toBe(0);
  await scenario().screenshot("1-left-out");
  expect(daemonsOf(home)).toEqual([]);
});

test("the Extensions view says why", async () => {
  const { workbench } = scenario();
  await workbench.openContainer("Extensions");
  await workbench.page.locator(".extension-list-item", { hasText: "Turns the TODO" }).first().click();
  await workbench.expectText("Contextune works on git repositories on disk.");
  await scenario().screenshot("2-why");
});
