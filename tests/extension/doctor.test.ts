/** The doctor's page. */
import { expect, test } from "vitest";
import { doctorPage } from "../../extension/src/doctor";

test("problems come first, each with its remedy", () => {
  const page = doctorPage([
    { name: "git", state: "ok", detail: "2.39", remedy: "" },
    { name: "a|b", state: "ok", detail: "two\nlines", remedy: "" },
    { name: "API key", state: "problem", detail: "There is none.", remedy: "Run Set API Key." },
    { name: "Sleep", state: "warning", detail: "the machine may go to sleep", remedy: "" },
  ]);
  expect(page).toBe(
    [
      "# Contextune Doctor",
      "",
      "**Problems: 1. Warnings: 1.**",
      "",
      "### ✗ API key",
      "",
      "There is none.",
      "",
      "What to do: Run Set API Key.",
      "",
      "### ⚠ Sleep",
      "",
      "The machine may go to sleep.",
      "",
      "### ✓ In order",
      "",
      "| | |",
      "|:--|:--|",
      "| git | 2.39 |",
      "| a\\|b | two lines |",
      "",
    ].join("\n"),
  );
});

test("a healthy machine is told so", () => {
  expect(doctorPage([{ name: "git", state: "ok", detail: "2.39", remedy: "" }])).toContain("Everything is in order.");
});
