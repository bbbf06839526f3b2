/** `npm run test:faults`: crashes, failing disks, hostile files. */
import { defineConfig } from "vitest/config";
import base from "./vitest.config.ts";

export default defineConfig({
  ...base,
  test: { ...base.test, include: ["test/faults/**/*.test.ts"], exclude: [], testTimeout: 300_000 },
});
