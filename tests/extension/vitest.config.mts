import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  // Words are translated by VS Code's own `l10n`; outside of VS Code, a stand-in fills in the arguments.
  resolve: { alias: { vscode: fileURLToPath(new URL("vscode.ts", import.meta.url)) } },
  test: {
    include: ["tests/extension/**/*.test.ts"],
    testTimeout: 10_000,
  },
});
