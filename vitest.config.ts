import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { alias: { tsflow: new URL("./src/index.ts", import.meta.url).pathname } },
  test: {
    globalSetup: ["test/setup.ts"],
    include: ["test/**/*.test.{ts,tsx}"],
    exclude: ["test/faults/**"], // npm run test:faults
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
