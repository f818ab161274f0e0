/** A Task that was stopped is done again by a better model, at a price that is known before. */
import { expect, test } from "vitest";
import { playScript } from "./harness/messagesServer";
import { prepareSample } from "./harness/sample";
import { useScenario } from "./harness/scenario";

const server = await playScript("asking");
const scenario = useScenario({
  prepare: prepareSample,
  env: { ANTHROPIC_BASE_URL: server.url, ANTHROPIC_API_KEY: "sk-ant-api03-only-for-this-test" },
});
const question = "Shall spaces around a code be ignored?";

test("a Run is cancelled while its agent waits for an answer", async () => {
  const { workbench } = scenario();
  await workbench.openContainer("Contextune");
  await workbench.widenSideBar(560);
  await workbench.clickTreeAction("Todos", "are refused", "Delegate This TODO");
  await workbench.startRun();
  await workbench.notification(question).waitFor();
  await workbench.runCommand("Contextune: Cancel Run");
  await workbench.treeItem("Runs", /0 of 1.*cancelled/).waitFor();
  await workbench.runCommand("Notifications: Clear All Notifications");
});

test("each rung has its price, and what was tried is told", async () => {
  const { workbench } = scenario();
  await workbench.clickTreeAction("Runs", /are refused.*cancelled/, "Retry on Another Rung");
  const rungs = await workbench.choices();
  expect(rungs[0]).toMatch(/Haiku 5\.5, low[\s\S]*tried already[\s\S]*likely \$/);
  expect(rungs.at(-1)).toMatch(/Opus 5\.5[\s\S]*likely \$/);
  expect(rungs.at(-1)).not.toContain("tried already");
  await workbench.quickInput.locator('input[placeholder*="of the Run\'s budget is left"]').waitFor();
  await scenario().screenshot("1-rungs");
});

test("the next agent works on the rung that was chosen, to the end", async () => {
  const { workbench } = scenario();
  await workbench.choose("Opus 5.5, medium");
  await workbench.treeItem("Runs", /asks you.*Opus 5\.5, medium/).waitFor();
  await workbench.clickNotificationButton(question, "Answer");
  await workbench.choose("Yes");
  await workbench.notification("Ready for review: 1 of 1 Tasks").waitFor({ timeout: 80_000 });
  await workbench.treeItem("Runs", /are refused.*passed/).waitFor();
  await scenario().screenshot("2-ready");
});
