/** Accept over a checkout with the user's own unfinished work, and Undo: of that work no byte is lost. */
import { appendFileSync, chmodSync, lstatSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { expect, test } from "vitest";
import { git } from "./harness/repository";
import { prepareSample } from "./harness/sample";
import { useScenario } from "./harness/scenario";

const scenario = useScenario({
  prepare: prepareSample,
  settings: { "contextune.offline": true },
  size: { width: 1440, height: 1300 },
});
const at = (path: string) => join(scenario().folder, path);
const sizes = "parcel/sizes.py";
const agents = [sizes, "tests/test_sizes_bill_volumetric_weight.py"];
const later = "\n\nFLAT = 3.0\n";
const half =
  "\n\ndef halves(parcel: Parcel) -> float:\n    # two of them fit where one did\n    return parcel.volume / 2\n";

/** Adds lines of the user's own to the end of sizes.py, which the agent changes at its beginning. */
const addLines = (lines: string) => appendFileSync(at(sizes), lines);

/** Every file outside `.git` and caches as its mode and bytes. */
function files(): Record<string, string> {
  const { folder } = scenario();
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !/[\\/](\.git|__pycache__)[\\/]/.test(file));
  const told = (file: string) => {
    const stat = lstatSync(file);
    return `${stat.mode.toString(8)} ${stat.isFile() ? readFileSync(file).toString("latin1") : "link"}`;
  };
  return Object.fromEntries(entries.sort().map((file) => [relative(folder, file), told(file)]));
}

/** All that Undo has to bring back. */
function checkout() {
  const { folder } = scenario();
  const told = (...args: string[]) => git(folder, ...args).split("\n");
  return {
    head: told("rev-parse", "HEAD"),
    branch: told("symbolic-ref", "HEAD"),
    index: told("ls-files", "--stage"),
    status: told("status", "--porcelain"),
    files: files(),
  };
}

/** What the user has under way: staged, unstaged, both in one file, untracked, CRLF, bytes, a link, a mode. */
function workOn(): void {
  const { folder } = scenario();
  writeFileSync(
    at("parcel/rates.py"),
    readFileSync(at("parcel/rates.py"), "utf8").replace("BULKY_FEE = 0.2", "BULKY_FEE = 0.25"),
  );
  git(folder, "add", "parcel/rates.py");
  appendFileSync(at("parcel/rates.py"), "\n# to be checked with the carrier\n");
  writeFileSync(at("README.md"), readFileSync(at("README.md"), "utf8").replaceAll("\n", "\r\n"));
  writeFileSync(at("notes.txt"), "first\r\nsecond without an end");
  writeFileSync(at("label.bin"), Buffer.from([0, 255, 10, 13, 128]));
  symlinkSync("notes.txt", at("latest"));
  chmodSync(at("pyproject.toml"), 0o755);
  addLines(half);
}

let before: ReturnType<typeof checkout>;
const typed = "SPARE = 1.0";
/** The same with what was typed and not saved in the file's last line. */
const withTyped = ({ files, ...rest }: typeof before) => ({
  ...rest,
  files: { ...files, [sizes]: files[sizes] + typed },
});

test("a Run begins from what the user has under way", async () => {
  const { workbench } = scenario();
  workOn();
  await workbench.openContainer("Contextune");
  await workbench.clickTreeAction("Todos", "volumetric weight", "Delegate This TODO");
  await workbench.startRun();
  await workbench.notification("Ready for review: 1 of 1 Tasks").waitFor({ timeout: 80_000 });
  await workbench.openFile(sizes);
  await workbench.restMouse();
  await workbench.page.keyboard.press("Control+End");
  await scenario().screenshot("1-under-way");
});

test("Accept commits the agent's work alone, over what the user went on with", async () => {
  const { workbench, folder } = scenario();
  addLines(later);
  writeFileSync(at("new.txt"), "begun while the agent worked\n");
  await workbench.editor.locator(".view-line", { hasText: "FLAT" }).waitFor();
  await workbench.page.keyboard.press("Control+End");
  await workbench.type(typed);
  before = checkout();
  await workbench.runCommand("Contextune: Accept Run");
  await workbench.dialog.waitFor();
  await scenario().screenshot("2-unsaved");
  await workbench.clickDialogButton("Save and Accept");
  await workbench.notification("Accepted on main: 1 of 1 Tasks").waitFor();
  await workbench.treeItem("Todos", "volumetric weight").waitFor({ state: "hidden" });
  await workbench.editor.locator(".view-line", { hasText: "VOLUME_OF_A_KILOGRAM" }).last().waitFor();
  await scenario().screenshot("3-accepted");
  const after = checkout();
  expect(git(folder, "diff", "--name-only", "HEAD~1", "HEAD").split("\n")).toEqual(agents);
  expect(git(folder, "show", `HEAD:${sizes}`)).not.toContain("halves");
  // The user's lines in the agent's own file are a local edit still, and nothing else is.
  const changed = git(folder, "diff", "HEAD", "--", sizes).split("\n");
  const own = changed.filter((line) => /^[+-]/.test(line) && !/^(\+\+\+|---)/.test(line));
  expect(own).toEqual(`${half}${later}${typed}`.split("\n").map((line) => `+${line}`));
  expect(readFileSync(at(sizes), "utf8")).toContain("VOLUME_OF_A_KILOGRAM");
  const others = ({ files, status }: typeof after) => ({
    status,
    files: Object.entries(files).filter(([path]) => !agents.includes(path)),
  });
  expect(others(after)).toEqual(others(before));
});

test("Undo brings every byte, the index and the branch back", async () => {
  const { workbench } = scenario();
  await workbench.clickNotificationButton("Accepted on main", "Undo");
  await workbench.notification("Undone: main is back where it was").waitFor();
  expect(checkout()).toEqual(withTyped(before));
  await workbench.treeItem("Runs", "undone").waitFor();
  await workbench.editor.locator(".view-line", { hasText: "TODO: bill the volumetric weight" }).waitFor();
  await scenario().screenshot("4-undone");
});
