import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { alias: { tsflow: new URL("./src/index.ts", import.meta.url).pathname } },
  test: {
    globalSetup: ["test/setup.ts"],
    include: ["test/**/*.test.{ts,tsx}"],
    exclude: ["test/faults/**"], // npm run test:faults
    isolate: false, // The library is read once by each worker, as it is in a program: test files leave nothing behind.
    maxWorkers: "100%",
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
