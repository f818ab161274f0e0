/**
 * `npm test`: every test, after its own set-up; `npm test -- pytest` (or vitest, e2e, …) runs the named stages alone.
 *
 * A stage that fails does not keep the others from running. pytest runs beside the stages that follow it, as both wait
 * for other processes a good part of their time. The very last line is the sum.
 */
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ensureDebianPackages } from "./debian.mjs";
import { editorPackages, ensureEditor } from "./editor.mjs";
import { ensureEmulator } from "./emulator.mjs";
import { generatedFilesAreCurrent } from "./generate.mjs";
import { ensureNode, nodeProgram } from "./node.mjs";
import { packageExtension } from "./package.mjs";
import { ensurePython, pythonPackages, venvProgram } from "./python.mjs";
import { main, root, run, SetupError, since } from "./steps.mjs";

const reports = join(root, "build", "reports");

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts tests (in e2e: steps in VS Code) */

/** Runs `work` and never reports success for a program that failed without naming a test. */
async function countTests(reportFile, parse, work) {
  rmSync(reportFile, { force: true });
  mkdirSync(reports, { recursive: true });
  const status = await work();
  let counts = { passed: 0, failed: 0, skipped: 0 };
  try {
    counts = parse(readFileSync(reportFile, "utf8"));
  } catch (error) {
    if (status === 0) throw new SetupError(`${reportFile} does not hold a test report: ${error.message}`);
  }
  return status !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

function parseJunit(text) {
  const attribute = (name) => Number(text.match(new RegExp(`<testsuite [^>]*\\b${name}="(\\d+)"`))[1]);
  const failed = attribute("failures") + attribute("errors");
  const skipped = attribute("skipped");
  return { passed: attribute("tests") - failed - skipped, failed, skipped };
}

function parseVitest(text) {
  const report = JSON.parse(text);
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** With `beside`, others print meanwhile, and what it has to say is printed when it has ended. */
function runPytest({ beside }) {
  const report = join(reports, "pytest.xml");
  // Most tests wait for git or for a process of ours, so that two at a time fit one processor.
  const args = ["-m", "pytest", "-q", "-n", "2", "--dist", "loadfile", `--junitxml=${report}`];
  return countTests(report, parseJunit, () =>
    run(venvProgram("python"), args, { allowFailure: true, afterwards: beside }),
  );
}

function runVitest(project) {
  const report = join(reports, `${project}.json`);
  const vitest = [nodeProgram("vitest", "vitest.mjs"), "run", "--config", join("tests", project, "vitest.config.mts")];
  const args = [...vitest, "--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  return countTests(report, parseVitest, () => run(process.execPath, args, { allowFailure: true }));
}

/** A stage without tests of its own counts only when it fails. */
async function withoutTests(work) {
  return { passed: 0, failed: (await work()) === false ? 1 : 0, skipped: 0 };
}

const stages = {
  "generated files": () => withoutTests(generatedFilesAreCurrent),
  pytest: runPytest,
  vitest: () => runVitest("extension"),
  package: () => withoutTests(packageExtension),
  e2e: async () => {
    await ensureEditor();
    return runVitest("e2e");
  },
};

/** Everything is installed first, so that what this system lacks is said in the first minutes. */
async function setUp() {
  const python = pythonPackages();
  if (python.length > 0) await ensureDebianPackages([...python, ...editorPackages()], "the tests");
  await ensurePython();
  await ensureNode();
  try {
    await ensureEmulator();
    await ensureEditor();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(`${error.message}\nThe other tests run meanwhile.`);
  }
  return { passed: 0, failed: 0, skipped: 0 };
}

async function runStage(name, work, { beside = false } = {}) {
  console.log(beside ? `\n== ${name}, beside the next ones` : `\n== ${name}`);
  const start = performance.now();
  try {
    return { name, ...(await work({ beside })), duration: since(start) };
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(error.message);
    return { name, passed: 0, failed: 1, skipped: 0, duration: since(start) };
  }
}

function describe({ passed, failed, skipped }) {
  if (passed + failed + skipped === 0) return "done";
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

await main(import.meta, async (names) => {
  const unknown = names.filter((name) => !(name in stages));
  if (unknown.length > 0)
    throw new SetupError(`There is no stage ${unknown.join(", ")}; there are: ${Object.keys(stages).join(", ")}.`);
  const results = [await runStage("set-up", setUp)];
  if (results[0].failed === 0) {
    const chosen = names.length > 0 ? names : Object.keys(stages);
    const running = [];
    for (const name of chosen) {
      const beside = name === "pytest" && name !== chosen.at(-1);
      running.push(runStage(name, stages[name], { beside }));
      if (!beside) await running.at(-1);
    }
    results.push(...(await Promise.all(running)));
  }
  console.log("");
  for (const result of results) {
    console.log(`${result.name.padEnd(16)} ${result.duration.padStart(12)}   ${describe(result)}`);
  }
  const total = (count) => results.reduce((sum, result) => sum + result[count], 0);
  console.log(`${total("passed")} passed, ${total("failed")} failed`);
  return total("failed") > 0 ? 1 : 0;
});
