/** The whole story in German: views, commands, the Quote, the Run, the review; what the daemon says as well. */
import { expect, test } from "vitest";
import { prepareSample } from "./harness/sample";
import { useScenario } from "./harness/scenario";

// One agent at a time, so that somebody is at work for long enough to be seen.
const settings = { "contextune.offline": true, "contextune.agents": 1 };
const scenario = useScenario({ prepare: prepareSample, locale: "de", settings });

test("views and their first words are German", async () => {
  const { workbench } = scenario();
  await workbench.openContainer("Contextune");
  await workbench.widenSideBar(560);
  await workbench.treeItem("Todos", "round half up").waitFor();
  await workbench.expectText("Klicken Sie mit der rechten Maustaste auf ein TODO, um es zu delegieren");
  await workbench.expectText("Was Agenten kosten, steht hier nach Tag, Run, Rolle und Modell");
  await workbench.expectText("6 in 5 Dateien");
  await scenario().screenshot("1-views");
});

test("what the daemon says in the editor is German", async () => {
  const { workbench } = scenario();
  await workbench.openFile("parcel/money.py");
  await workbench.editor.locator(".codelens-decoration", { hasText: "Delegieren" }).waitFor();
  const titles = await workbench.codeActions(6);
  expect(titles).toEqual(
    expect.arrayContaining(["Dieses TODO delegieren", "TODOs des Arbeitsbereichs parallelisieren"]),
  );
  await scenario().screenshot("2-light-bulb");
  await workbench.dismiss();
  expect(await workbench.hover(6, "half")).toContain("nicht delegiert");
});

test("a command is found by its German title, and the Quote is German", async () => {
  const { workbench } = scenario();
  await workbench.runCommand("Contextune: Alle TODOs parallelisieren");
  await workbench.quote(1, "Angebot");
  await scenario().screenshot("3-quote");
  await workbench.startRun("Angebot", "Run starten");
});

test("the Run tells how it stands in German, until it is ready", async () => {
  const { workbench } = scenario();
  await workbench.treeItem("Runs", "arbeitet").waitFor();
  await scenario().screenshot("4-working");
  await workbench.notification("Bereit zur Prüfung: 6 von 6 Tasks").waitFor({ timeout: 80_000 });
  await workbench.treeItem("Runs", "bereit zur Prüfung").waitFor();
  await scenario().screenshot("5-ready");
}, 120_000);

test("the Doctor says in German what is in order and what is not", async () => {
  const { workbench } = scenario();
  await workbench.runCommand("Contextune: Doctor");
  await workbench.page.locator(".webview.ready").first().waitFor();
  const page = workbench.page.frameLocator(".webview.ready").frameLocator("#active-frame");
  await page.getByText("nicht nötig: Das Offline-Modell ist in Gebrauch.").waitFor();
  await page.getByText("Offene Dateien").waitFor();
  await scenario().screenshot("6-doctor");
});

test("the settings are described in German", async () => {
  const { workbench } = scenario();
  await workbench.page.keyboard.press("ControlOrMeta+,");
  await workbench.page.keyboard.type("contextune.budget");
  await workbench.expectText(
    "Was ein Run höchstens kosten darf, in Dollar. Ist der Betrag erreicht, wartet der Run auf Sie.",
  );
  await scenario().screenshot("7-settings");
});
