/** What could be cheaper: nothing at first, then what a Run has shown of the Ladder, which one click sets. */
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { venvProgram } from "../../extension/scripts/python.mjs";
import { playScript } from "./harness/messagesServer";
import { makeRepository } from "./harness/repository";
import { useDaemon } from "./harness/sample";
import { useScenario } from "./harness/scenario";
import { violations, webview } from "./harness/webview";

/** As many Tasks as a suggestion rests on at least. */
const zones = [1, 2, 3, 4, 5, 6, 7, 8];

const check = `import importlib
import unittest


class PricesTest(unittest.TestCase):
    def test_prices_are_whole_cents(self):
        for zone in ${JSON.stringify(zones)}:
            price = importlib.import_module(f"prices.zone_{zone}").PRICE
            self.assertIsInstance(price, int)
`;

/** A price list a zone, each with a Todo; and a daemon that has one processor, of whatever machine this is. */
function prepare(home: string): string {
  const daemon = join(home, "daemon");
  writeFileSync(daemon, `#!/bin/sh\nexec taskset --cpu-list 0 ${venvProgram("contextune")} "$@"\n`);
  chmodSync(daemon, 0o755);
  useDaemon(home, daemon);
  const lists = zones.map((zone) => [
    `prices/zone_${zone}.py`,
    `# TODO: give zone ${zone} its price, in cents\nPRICE = 0\n`,
  ]);
  return makeRepository(join(home, "prices"), {
    ".gitignore": "__pycache__/\n",
    "prices/__init__.py": "",
    "tests/__init__.py": "",
    "tests/test_prices.py": check,
    ...Object.fromEntries(lists),
  });
}

const server = await playScript("useless_rung");
const [useless, ...helpful] = [
  { model: "claude-sonnet-5-5", effort: "low", tries: 1 },
  { model: "claude-sonnet-5-5", effort: "high", tries: 1 },
  { model: "claude-opus-5-5", effort: "medium", tries: 1 },
];
const scenario = useScenario({
  prepare,
  size: { width: 1440, height: 1000 },
  settings: {
    "contextune.agents": zones.length,
    "contextune.gate": "sleep 0.5; python3 -m unittest",
    "contextune.gateRetries": 0,
    "contextune.ladder": [useless, ...helpful],
  },
  env: { ANTHROPIC_BASE_URL: server.url, ANTHROPIC_API_KEY: "sk-ant-api03-only-for-this-test" },
});
const suggested = () => scenario().workbench.treeItem("Costs", "Sonnet 5.5, low has helped 0 of 8 times");
const set = "Set in your settings: ladder = Sonnet 5.5, high, then Opus 5.5, medium";

/** The Ladder in the user's settings. */
function ladder() {
  const settings = readFileSync(join(scenario().home, "user-data", "User", "settings.json"), "utf8");
  return JSON.parse(settings)["contextune.ladder"];
}

test("Tasks whose tests find all processors taken say that they wait for one", async () => {
  const { workbench } = scenario();
  await workbench.openContainer("Contextune");
  await workbench.widenSideBar(640);
  await workbench.runCommand("Contextune: Parallelize All TODOs");
  expect(await workbench.quote(zones.length)).toHaveLength(zones.length);
  await workbench.startRun();
  await workbench.restMouse();
  await workbench.treeItem("Runs", /waits for a processor/).waitFor();
  await scenario().screenshot("1-processor");
});

test("a rung that has helped none of them is suggested to be taken off the Ladder", async () => {
  const { workbench } = scenario();
  await workbench.notification("Ready for review: 8 of 8 Tasks").waitFor({ timeout: 80_000 });
  await workbench.runCommand("Notifications: Clear All Notifications");
  await suggested().hover();
  await workbench.page.locator(".workbench-hover", { hasText: "ladder = Sonnet 5.5, high" }).waitFor();
  await scenario().screenshot("2-suggested");
  await workbench.restMouse();
});

test("Apply sets it and says what is set, and Undo takes it back", async () => {
  const { workbench } = scenario();
  await workbench.clickTreeAction("Costs", "has helped 0 of 8 times", "Apply");
  await workbench.notification(set).waitFor();
  await expect.poll(ladder).toEqual(helpful);
  await workbench.restMouse();
  await suggested().waitFor({ state: "hidden" });
  await workbench.page.locator(".workbench-hover").waitFor({ state: "hidden" });
  await scenario().screenshot("3-applied");
  await workbench.clickNotificationButton(set, "Undo");
  await expect.poll(ladder).toEqual([useless, ...helpful]);
  await suggested().waitFor();
  await workbench.page.locator(".workbench-hover").waitFor({ state: "hidden" });
});

test("the dashboard has it first, applies it, and then has none", async () => {
  const { workbench } = scenario();
  await workbench.runCommand("Contextune: Open Dashboard");
  const page = await webview(workbench.page);
  const card = page.getByRole("region", { name: "Suggestions" });
  await card.getByText("take it off the ladder").waitFor();
  await card.getByText("How this is computed").click();
  await card.getByText("Passed 0 of 8").waitFor();
  expect(await violations(page)).toEqual([]);
  await workbench.restMouse();
  await scenario().screenshot("4-dashboard");
  await card.getByRole("button", { name: "Apply" }).click();
  await workbench.notification(set).waitFor();
  await expect.poll(ladder).toEqual(helpful);
  await card.getByText("None now.").waitFor();
  await suggested().waitFor({ state: "hidden" });
  await card.scrollIntoViewIfNeeded();
  await scenario().screenshot("5-none");
});
