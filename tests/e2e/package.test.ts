/** The package that users install: exactly these files, small, and made without a warning. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { vsceCommand, vsix } from "../../extension/scripts/package.mjs";
import { venvProgram } from "../../extension/scripts/python.mjs";
import { root } from "../../extension/scripts/steps.mjs";

const { version } = JSON.parse(readFileSync("package.json", "utf8"));
const listing = "import json, sys, zipfile; print(json.dumps(zipfile.ZipFile(sys.argv[1]).namelist()))";

function filesOf(archive: string): string[] {
  return JSON.parse(execFileSync(venvProgram("python"), ["-I", "-c", listing, archive], { encoding: "utf8" })).sort();
}

test("the package holds what the extension needs, and no test, source or map", () => {
  expect(filesOf(vsix)).toEqual([
    "[Content_Types].xml",
    "extension.vsixmanifest",
    "extension/LICENSE.txt",
    "extension/changelog.md",
    `extension/extension/daemon/contextune-${version}-py3-none-any.whl`,
    "extension/extension/daemon/requirements.txt",
    "extension/extension/dist/dashboard.css",
    "extension/extension/dist/dashboard.js",
    "extension/extension/dist/extension.js",
    "extension/extension/dist/languageClient.js",
    "extension/extension/l10n/bundle.l10n.de.json",
    "extension/extension/l10n/bundle.l10n.json",
    "extension/extension/media/contextune.svg",
    "extension/extension/media/dashboard-dark.svg",
    "extension/extension/media/dashboard-light.svg",
    "extension/extension/media/icon.png",
    ...["asking", "failed", "passed", "paused", "queued", "working"].map(
      (sign) => `extension/extension/media/todo-${sign}.svg`,
    ),
    ...["key", "review", "todo", "trust"].map((step) => `extension/extension/media/walkthrough/${step}.svg`),
    "extension/extension/syntaxes/transcript.tmLanguage.json",
    "extension/package.json",
    "extension/package.nls.de.json",
    "extension/package.nls.json",
    "extension/readme.md",
  ]);
});

test("the daemon's wheel holds the package alone, with its words and roles", () => {
  const wheel = join(root, "extension", "daemon", `contextune-${version}-py3-none-any.whl`);
  const files = filesOf(wheel);
  expect(files.filter((file) => !/^contextune(-[\d.]+\.dist-info)?\//.test(file))).toEqual([]);
  expect(files).toContain("contextune/l10n/bundle.l10n.de.json");
  expect(files.filter((file) => /\.pyc$|__pycache__|(^|\/)conftest\.py$/.test(file))).toEqual([]);
});

test("it is under 1.5 MB, and what a window loads when it opens under 200 kB", () => {
  expect(statSync(vsix).size).toBeLessThan(1_500_000);
  expect(statSync(join("extension", "dist", "extension.js")).size).toBeLessThan(200_000);
});

test("vsce has nothing to complain about", () => {
  const folder = mkdtempSync(join(tmpdir(), "contextune-vsix-"));
  try {
    const [program, args] = vsceCommand(join(folder, "again.vsix"));
    const { status, stdout, stderr } = spawnSync(program, args, { cwd: root, encoding: "utf8" });
    expect({ status, stderr, said: stdout.match(/^.*(WARN|ERROR).*$/gm) }).toEqual({
      status: 0,
      stderr: "",
      said: null,
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
