/** `npm run test:faults`: crashes, failing disks, hostile files. `--nightly` runs the long forms; other arguments go to vitest. */
import { spawnSync } from "node:child_process";

const given = process.argv.slice(2);
const args = ["vitest", "run", "--config", "vitest.faults.config.ts", ...given.filter((word) => word !== "--nightly")];
const env = given.includes("--nightly") ? { ...process.env, TSFLOW_NIGHTLY: "1" } : process.env;
const { status } = spawnSync("npx", args, { stdio: "inherit", env, shell: process.platform === "win32" });
process.exit(status ?? 1);
