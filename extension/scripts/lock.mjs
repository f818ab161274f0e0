/**
 * Writes every lock file: hashed Python requirements and npm's locks, all without the address of any registry.
 *
 * The Python locks hold for every platform and every Python from 3.11 on; they are resolved by uv, which is installed
 * into a temporary environment.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { npmProgram } from "./node.mjs";
import { ensureVenvModule, findPython, pipEnvironment } from "./python.mjs";
import { main, root, run, step } from "./steps.mjs";

const project = join(root, "pyproject.toml");
const requirements = join(root, "requirements");

async function lockPython(temporary) {
  const python = findPython();
  await ensureVenvModule(python);
  await run(python, ["-m", "venv", temporary], { quiet: true });
  const bin = (name) => join(temporary, process.platform === "win32" ? "Scripts" : "bin", name);
  await run(bin("python"), ["-m", "pip", "install", "uv"], { env: pipEnvironment, quiet: true });
  const compile = (sources, lock, ...more) =>
    run(bin("uv"), [
      ...["pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes"],
      ...["--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links"],
      ...[...more, ...sources, "--output-file", join(requirements, lock)],
    ]);
  await compile([project, join(requirements, "build.in")], "dev.txt", "--extra", "dev");
  await compile([project], "runtime.txt", "--constraint", join(requirements, "dev.txt"));
  await compile([project], "ray.txt", "--extra", "ray", "--constraint", join(requirements, "dev.txt"));
  await compile([join(requirements, "editor.in")], "editor.txt");
}

/** npm records for each package where it asks for money and why it is old: addresses that no installation needs. */
function withoutAddresses(file) {
  const lock = JSON.parse(readFileSync(file, "utf8"));
  for (const entry of Object.values(lock.packages)) {
    delete entry.funding;
    delete entry.deprecated;
    delete entry.resolved;
  }
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
}

async function lockNode(folder) {
  const npm = (...args) =>
    run(npmProgram, [...args, "--ignore-scripts", "--loglevel=error"], { cwd: folder, quiet: true });
  await npm("install", "--package-lock-only", "--omit-lockfile-registry-resolved");
  withoutAddresses(join(folder, "package-lock.json"));
  await npm("ci", "--dry-run"); // npm leaves out optional packages that a registry lacks, and then rejects its own lock
}

await main(import.meta, async () => {
  const temporary = mkdtempSync(join(tmpdir(), "contextune-lock-"));
  try {
    await step("Locking the Python packages", () => lockPython(temporary));
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  await step("Locking the Node packages", () => lockNode(root));
  await step("Locking the editor of the end-to-end tests", () => lockNode(join(root, "tests", "e2e", "editor")));
  await step("Locking the GitHub of the tests", () => lockNode(join(root, "tests", "forge", "emulator")));
});
