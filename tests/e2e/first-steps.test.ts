/** Before anything works: no key, the light bulb, the doctor, and the offline model as the way out. */
import { expect, test } from "vitest";
import { prepareSample } from "./harness/sample";
import { useScenario } from "./harness/scenario";

const scenario = useScenario({ prepare: prepareSample });

test("without a key, the Runs view says what to do", async () => {
  const { workbench } = scenario();
  await workbench.openContainer("Contextune");
  await workbench.expectText("There is no API key, so no agent can work yet.");
  await scenario().screenshot("1-no-key");
});

test("the light bulb of a TODO line offers to delegate it", async () => {
  const { workbench } = scenario();
  await workbench.openFile("parcel/money.py");
  await workbench.editor.locator(".codelens-decoration", { hasText: "Delegate" }).waitFor();
  const titles = await workbench.codeActions(6);
  expect(titles).toEqual(expect.arrayContaining(["Delegate this TODO", "Parallelize the TODOs in the workspace"]));
  await scenario().screenshot("2-light-bulb");
});

test("delegating without a key is refused in words, and nothing is lost", async () => {
  const { workbench } = scenario();
  await workbench.chooseCodeAction("Delegate this TODO");
  await workbench.notification("Contextune has no API key").waitFor();
  await scenario().screenshot("3-refused");
});

test("the offline model is one click away", async () => {
  const { workbench } = scenario();
  await workbench.clickNotificationButton("Contextune has no API key", "Use Offline Model");
  await workbench.expectText("Offline model: scripted, no AI");
  await workbench.quote();
  await workbench.restMouse();
  await scenario().screenshot("4-offline-quote");
  await workbench.leaveQuote();
});

test("a hover tells how a TODO stands", async () => {
  const { workbench } = scenario();
  await workbench.openFile("parcel/money.py");
  await workbench.editor.locator(".codelens-decoration", { hasText: "Delegate" }).waitFor();
  expect(await workbench.hover(6, "half")).toContain("not delegated");
  await scenario().screenshot("5-hover");
});

test("the doctor's page names what is in order and what is not", async () => {
  const { workbench } = scenario();
  await workbench.runCommand("Contextune: Doctor");
  await workbench.page.locator(".webview.ready").first().waitFor();
  const page = workbench.page.frameLocator(".webview.ready").frameLocator("#active-frame");
  await page.getByRole("heading", { name: "Contextune Doctor" }).waitFor();
  await scenario().screenshot("6-doctor");
});

test("a question in plain words is answered with the repository's own numbers", async () => {
  const { workbench } = scenario();
  await workbench.dismiss();
  await workbench.runCommand("Contextune: Ask…");
  await workbench.answer("what should I parallelise?");
  const page = workbench.page.frameLocator(".webview.ready").frameLocator("#active-frame");
  await page.getByRole("heading", { name: "what should I parallelise?" }).waitFor();
  await page.getByText("6 Todos make 6 Tasks").waitFor();
  await workbench.notification("what should I parallelise?").waitFor();
  await scenario().screenshot("7-answer");
});

test("what it leads to ends at the Quote", async () => {
  const { workbench } = scenario();
  await workbench.clickNotificationButton("what should I parallelise?", "Do all Todos, after the Quote");
  await workbench.expectText("Offline model: scripted, no AI");
  await workbench.quote(5);
  await scenario().screenshot("8-quote-of-an-answer");
  await workbench.leaveQuote();
});

test("words that rules cannot read come back as choices", async () => {
  const { workbench } = scenario();
  await workbench.runCommand("Contextune: Ask…");
  await workbench.answer("could somebody look after the parcels");
  await workbench.quickInput.getByText("Price all Todos").waitFor();
  await scenario().screenshot("9-choices");
  await workbench.choose("List the Todos", "List the Todos");
  const page = workbench.page.frameLocator(".webview.ready").frameLocator("#active-frame");
  await page.getByText("6 Todos.").waitFor();
});
