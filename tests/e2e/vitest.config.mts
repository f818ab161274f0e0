import { defineConfig } from "vitest/config";

// One VS Code at a time: two of them on a small machine make every wait longer, and prove nothing more.
export default defineConfig({
  test: {
    include: ["tests/e2e/**/*.test.ts"],
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 240_000,
  },
});
