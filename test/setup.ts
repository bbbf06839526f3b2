/** Before all tests: TensorFlow's messages, made from proto/ where they are missing or older. */
import { execFileSync } from "node:child_process";
import { resolve } from "node:path";

export default function setup(): void {
  execFileSync(process.execPath, [resolve(import.meta.dirname, "../scripts/proto.mjs")], { stdio: "inherit" });
}
