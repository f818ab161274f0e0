/** Finding Python and making its environment: what is tried, what is counted, and what a failure is called. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { collecting, countPins, ensureEnvironment, pythonOf } from "../../extension/src/python/environment";
import { candidates, findInterpreter, isNewEnough } from "../../extension/src/python/interpreter";
import { problemOf, SetupProblem } from "../../extension/src/python/problem";
import { run } from "../../extension/src/python/process";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "contextune-python-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function problem(work: Promise<unknown>): Promise<SetupProblem> {
  const error = await work.then(
    () => undefined,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(SetupProblem);
  return error as SetupProblem;
}

test("a configured Python stands alone; else the newest tried version comes first", () => {
  expect(candidates("/opt/python", "linux")).toEqual([["/opt/python"]]);
  expect(candidates("", "linux")[0]).toEqual(["python3.13"]);
  expect(candidates("", "win32")[0]).toEqual(["py", "-3"]);
});

test.each([
  ["3.10.14", false],
  ["3.11.0", true],
  ["3.14.1", true],
  ["2.7.18", false],
  ["4.0.0", true],
])("Python %s is new enough: %s", (version, enough) => {
  expect(isNewEnough(version)).toBe(enough);
});

test("a real Python is found and gives its own path", async () => {
  const found = await findInterpreter("");
  expect(isNewEnough(found.version)).toBe(true);
  expect(found.executable).toMatch(/python/i);
});

test("a configured program that is no Python is named", async () => {
  const { kind, detail } = await problem(findInterpreter(join(folder, "no-such-python")));
  expect({ kind, detail }).toEqual({ kind: "bad-python", detail: join(folder, "no-such-python") });
});

test.each([
  ["OSError: [Errno 28] No space left on device", "disk-full"],
  ["The virtual environment was not created successfully because ensurepip is not available.", "no-venv"],
  ["/usr/bin/python3: No module named venv", "no-venv"],
  [
    "WARNING: Retrying … NewConnectionError: Failed to establish a new connection\nERROR: No matching distribution",
    "no-network",
  ],
  ["error: error sending request for url", "no-network"],
  ["SSLError(SSLCertVerificationError(1, 'CERTIFICATE_VERIFY_FAILED'))", "certificate"],
  ["ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "hashes"],
  ["PermissionError: [Errno 13] Permission denied: '/x'", "not-writable"],
  ["Traceback\nValueError: odd", "failed"],
] as const)("%j is called %s", (output, kind) => {
  expect(problemOf(output).kind).toBe(kind);
});

test("pins and downloads are counted", () => {
  expect(countPins("aiohttp==3.13 \\\n    --hash=sha256:ab\nuvicorn[standard]==1 \\\n# x==1\n\n")).toBe(2);
  expect(collecting("Collecting msgspec==0.22.0 (from -r requirements.txt (line 3))")).toBe("msgspec");
  expect(collecting("Downloading msgspec-0.22.0.whl")).toBeUndefined();
});

test("credentials do not reach the programs of the set-up", async () => {
  process.env.ANTHROPIC_API_KEY = "sk-ant-secret";
  try {
    const output = await run({ command: process.execPath, args: ["-p", "process.env.ANTHROPIC_API_KEY"] });
    expect(output.trim()).toBe("undefined");
  } finally {
    delete process.env.ANTHROPIC_API_KEY;
  }
});

const install = (over: object = {}) => ({
  interpreter: { executable: "python3", version: "3.11.0" },
  bundle: join(folder, "bundle"),
  storage: join(folder, "storage"),
  signal: new AbortController().signal,
  report: () => {},
  log: () => {},
  ...over,
});

test("an extension without a daemon says so", async () => {
  expect((await problem(ensureEnvironment(install()))).kind).toBe("no-daemon");
});

test("an installation that fails leaves nothing behind that could be taken for a finished one", async () => {
  mkdirSync(join(folder, "bundle"));
  writeFileSync(join(folder, "bundle", "contextune-1-py3-none-any.whl"), "no wheel");
  writeFileSync(join(folder, "bundle", "requirements.txt"), "");
  const interpreter = { executable: join(folder, "gone"), version: "3.11.0" };
  expect((await problem(ensureEnvironment(install({ interpreter })))).kind).toBe("failed");
  expect(readdirSync(join(folder, "storage"))).toEqual([]);
});

test("the Python of an environment lies where each system puts it", () => {
  expect(pythonOf("/e", "linux")).toBe("/e/bin/python");
  expect(pythonOf("/e", "win32")).toMatch(/Scripts.python\.exe$/);
});
