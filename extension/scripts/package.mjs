/** The file that users install: a VSIX with the bundled extension, the daemon's wheel and its hashed requirements. */
import { copyFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { bundleExtension } from "./bundle.mjs";
import { ensureNode, nodeProgram } from "./node.mjs";
import { ensurePython, venvProgram } from "./python.mjs";
import { packagedReadme } from "./readme.mjs";
import { main, root, run, step } from "./steps.mjs";

/** Where the VSIX is written. */
export const vsix = join(root, "build", "contextune.vsix");

const daemon = join(root, "extension", "daemon");
const page = join(root, "extension", "README.md");

/** A wheel's files packed without compression: as one stream in the VSIX they take a fifth less than one by one. */
const storeWheel = `
import pathlib, sys, zipfile
for wheel in pathlib.Path(sys.argv[1]).glob("*.whl"):
    with zipfile.ZipFile(wheel) as packed:
        files = [(file, packed.read(file)) for file in packed.infolist()]
    with zipfile.ZipFile(wheel, "w") as stored:
        for file, content in files:
            stored.writestr(file, content, compress_type=zipfile.ZIP_STORED)
`;

async function buildWheel() {
  rmSync(daemon, { recursive: true, force: true });
  mkdirSync(daemon, { recursive: true });
  const wheel = ["-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation"];
  await run(venvProgram("python"), [...wheel, "--wheel-dir", daemon, root], { quiet: true });
  await run(venvProgram("python"), ["-I", "-c", storeWheel, daemon]);
  copyFileSync(join(root, "requirements", "runtime.txt"), join(daemon, "requirements.txt"));
}

/**
 * The program and arguments that make the VSIX `out` of what was built.
 *
 * @returns {[string, string[]]}
 */
export function vsceCommand(out) {
  const { repository } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const readme = join("build", "README.md");
  writeFileSync(join(root, readme), packagedReadme(readFileSync(page, "utf8"), repository?.url ?? repository));
  const options = ["--no-dependencies", "--no-rewrite-relative-links", "--readme-path", readme];
  if (repository === undefined) options.push("--allow-missing-repository");
  return [process.execPath, [nodeProgram("@vscode/vsce", "vsce"), "package", ...options, "--out", out]];
}

/** Builds everything that goes into the VSIX, and the VSIX. The set-up must have been done. */
export async function packageExtension() {
  mkdirSync(join(root, "build"), { recursive: true });
  await step("Building the daemon's wheel", buildWheel);
  await step("Bundling the extension", () => bundleExtension({ production: true }));
  await step("Packaging the VSIX", () => run(...vsceCommand(vsix), { quiet: true }));
}

await main(import.meta, async () => {
  await ensurePython();
  await ensureNode();
  await packageExtension();
  console.log(`\n${relative(root, vsix)}: ${Math.round(statSync(vsix).size / 1024)} KiB`);
});
