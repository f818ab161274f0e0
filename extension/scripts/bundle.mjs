/** The extension's code: what starts with the window, and beside it what is loaded when it is needed. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { importPackage } from "./node.mjs";
import { root } from "./steps.mjs";

/** Where the code is written. */
const dist = join("extension", "dist");

/** Modules of extension/src that become files of their own, which `import("./name")` loads. */
const later = ["languageClient"];

const loadLater = {
  name: "load-later",
  setup: (build) =>
    build.onResolve({ filter: new RegExp(`^\\./(${later.join("|")})$`) }, ({ path, kind }) =>
      kind === "dynamic-import" ? { path: `${path}.js`, external: true } : undefined,
    ),
};

/**
 * Bundles the extension.
 *
 * @param {{ production: boolean }} options production: smaller, without source maps
 */
export async function bundleExtension({ production }) {
  const esbuild = await importPackage("esbuild", "lib/main.js");
  rmSync(join(root, dist), { recursive: true, force: true });
  const common = {
    absWorkingDir: root,
    outdir: dist,
    bundle: true,
    minify: production,
    sourcemap: !production,
    logLevel: "warning",
  };
  // The page of the dashboard runs in a browser, apart from the extension.
  await esbuild.default.build({
    ...common,
    entryPoints: [{ in: "extension/webview/dashboard/main.ts", out: "dashboard" }],
    platform: "browser",
    format: "iife",
    target: "chrome128",
    legalComments: "none",
  });
  await esbuild.default.build({
    ...common,
    entryPoints: ["extension", ...later].map((name) => `extension/src/${name}.ts`),
    platform: "node",
    format: "cjs",
    target: "node20",
    supported: { "dynamic-import": false }, // a plain `require`, which VS Code's own `vscode` module needs
    external: ["vscode"],
    plugins: [loadLater],
  });
}
