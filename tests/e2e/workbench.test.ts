/** The packaged extension starts in a real VS Code, and its commands can be found and run. */
import { expect, test } from "vitest";
import { makeRepository } from "./harness/repository";
import { useScenario } from "./harness/scenario";

const source = `"""Parcels."""


def price(grams: int) -> int:
    # TODO: refuse a weight below zero
    return 500 + grams // 100
`;

const scenario = useScenario({
  prepare: (home) => makeRepository(`${home}/parcels`, { "parcels.py": source, "README.md": "# Parcels\n" }),
});

test("the workbench opens the folder", async () => {
  const { workbench } = scenario();
  await workbench.expectText("parcels.py");
  await scenario().screenshot("opened");
});

test("a file opens, and its text is the file's", async () => {
  const { workbench } = scenario();
  await workbench.openFile("parcels.py");
  await workbench.goToLine(5);
  expect(await workbench.editorText()).toContain("    # TODO: refuse a weight below zero");
});

test("a right click on a line opens the context menu, and its entries work", async () => {
  const { workbench } = scenario();
  await workbench.contextMenu(5, "Command Palette");
  await workbench.quickInput.waitFor();
  await workbench.dismiss();
  await workbench.quickInput.waitFor({ state: "hidden" });
});

test("the command Contextune: Show Log shows the extension's log", async () => {
  const { workbench } = scenario();
  await workbench.runCommand("Contextune: Show Log");
  await workbench.expectText(/Contextune \d+\.\d+\.\d+ started/);
  await scenario().screenshot("log");
});
