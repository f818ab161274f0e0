/** The file that users install: a VSIX with the bundled extension, the daemon's wheel and its hashed requirements. */
import { copyFileSync, mkdirSync, rmSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { bundleExtension } from "./bundle.mjs";
import { ensureNode, nodeProgram } from "./node.mjs";
import { ensurePython, venvProgram } from "./python.mjs";
import { main, root, run, step } from "./steps.mjs";

/** Where the VSIX is written. */
export const vsix = join(root, "build", "contextune.vsix");

const daemon = join(root, "extension", "daemon");

async function buildWheel() {
  rmSync(daemon, { recursive: true, force: true });
  mkdirSync(daemon, { recursive: true });
  const wheel = ["-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation"];
  await run(venvProgram("python"), [...wheel, "--wheel-dir", daemon, root], { quiet: true });
  copyFileSync(join(root, "requirements", "runtime.txt"), join(daemon, "requirements.txt"));
}

/** Builds everything that goes into the VSIX, and the VSIX. The set-up must have been done. */
export async function packageExtension() {
  mkdirSync(join(root, "build"), { recursive: true });
  await step("Building the daemon's wheel", buildWheel);
  await step("Bundling the extension", () => bundleExtension({ production: true }));
  await step("Packaging the VSIX", () => {
    const vsce = nodeProgram("@vscode/vsce", "vsce");
    const links = ["--no-rewrite-relative-links", "--allow-missing-repository"];
    return run(process.execPath, [vsce, "package", "--no-dependencies", ...links, "--out", vsix], { quiet: true });
  });
}

await main(import.meta, async () => {
  await ensurePython();
  await ensureNode();
  await packageExtension();
  console.log(`\n${relative(root, vsix)}: ${Math.round(statSync(vsix).size / 1024)} KiB`);
});
