/** The extension as one file: extension/src bundled into extension/dist/extension.js. */
import { join } from "node:path";
import { importPackage } from "./node.mjs";
import { root } from "./steps.mjs";

/**
 * Bundles the extension.
 *
 * @param {{ production: boolean }} options production: smaller, without a source map
 */
export async function bundleExtension({ production }) {
  const esbuild = await importPackage("esbuild", "lib/main.js");
  await esbuild.default.build({
    absWorkingDir: root,
    entryPoints: ["extension/src/extension.ts"],
    outfile: join("extension", "dist", "extension.js"),
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    external: ["vscode"],
    minify: production,
    sourcemap: !production,
    logLevel: "warning",
  });
}
