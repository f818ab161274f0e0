/** `npm run check`: format, lint, types and generated files; with `--fix`, what can be mended is mended first. */
import { generatedFilesAreCurrent } from "./generate.mjs";
import { wordsAreComplete } from "./l10n.mjs";
import { ensureNode, nodeProgram } from "./node.mjs";
import { ensurePython, venvProgram } from "./python.mjs";
import { main, run, since } from "./steps.mjs";

const biome = (...args) => [process.execPath, [nodeProgram("@biomejs/biome", "bin/biome"), ...args]];

const fixes = [
  [venvProgram("ruff"), ["check", "--quiet", "--fix"]],
  [venvProgram("ruff"), ["format", "--quiet"]],
  biome("check", "--write"),
];

const checks = {
  "Python format": [venvProgram("ruff"), ["format", "--check", "--quiet"]],
  "Python lint": [venvProgram("ruff"), ["check", "--quiet"]],
  "Python types": [venvProgram("mypy"), ["--strict", "--no-error-summary"]],
  "TypeScript types": [process.execPath, [nodeProgram("typescript", "bin/tsc"), "--noEmit", "--project", "."]],
  "TypeScript types of the dashboard's page": [
    process.execPath,
    [nodeProgram("typescript", "bin/tsc"), "--noEmit", "--project", "extension/webview"],
  ],
  "TypeScript format and lint": biome("check"),
};

async function report(name, work) {
  const start = performance.now();
  const passed = await work();
  console.log(`${passed ? "ok    " : "FAILED"} ${name} (${since(start)})`);
  return passed;
}

await main(import.meta, async (args) => {
  await ensurePython();
  await ensureNode();
  if (args.includes("--fix")) for (const [command, rest] of fixes) await run(command, rest, { allowFailure: true });
  const results = [];
  for (const [name, [command, rest]] of Object.entries(checks)) {
    results.push(await report(name, async () => (await run(command, rest, { allowFailure: true })) === 0));
  }
  results.push(await report("Generated files", generatedFilesAreCurrent));
  results.push(await report("Words in every language", wordsAreComplete));
  if (results.every(Boolean)) return 0;
  console.log('\n"npm run check -- --fix" mends format and simple lint; "npm run generate" mends generated files.');
  return 1;
});
