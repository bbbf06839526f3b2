/** two-writers: one run in a folder. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { nightly, program, until } from "./program.ts";

const { work, train, files } = program();
const endless = ["--max_step", "100000000", "--log_every", "1000000"];
const starts = 20;

describe("two-writers", () => {
  test("the second is refused and the first unhurt", async () => {
    const first = train("two", "--save_every", "1000", ...endless);
    await until(first, /start model/);
    const second = await train("two", "--max_step", "10").end;
    expect(second.exit).toBe(2);
    expect(second.stderr).toMatch(/two is in use by pid \d+ on host/);
    first.child.kill("SIGTERM");
    expect((await first.end).exit).toBe(143);
    expect((await train("two", "--add_step", "1").end).exit).toBe(0);
  });

  test("the lock of a killed run is taken over", async () => {
    const first = train("killed", ...endless);
    await until(first, /start model/);
    first.child.kill("SIGKILL");
    await first.end;
    expect(files("killed")).toContain(".tsflow.lock");
    expect((await train("killed", "--max_step", "10").end).exit).toBe(0);
  });

  test("a run whose lock is another's ends without saving", async () => {
    const run = train("robbed", "--save_every", "200", ...endless);
    await until(run, /save step/);
    const lock = join(work, "robbed/.tsflow.lock");
    writeFileSync(lock, readFileSync(lock, "utf8").replace(/"nonce":"\w+"/, '"nonce":"0000"'));
    const { exit, stderr } = await run.end;
    expect(exit).toBe(2);
    expect(stderr).toContain("the lock was taken by");
  });

  test.each(Array.from({ length: nightly ? 50 : 2 }, (_, round) => round))(
    "of simultaneous starts exactly one wins, round %i",
    async (round) => {
      const directory = `race-${round}`;
      if (round % 2) {
        // On the stale lock of a run that was killed.
        const first = train(directory, ...endless);
        await until(first, /start model/);
        first.child.kill("SIGKILL");
        await first.end;
      }
      const all = Array.from({ length: starts }, () => train(directory, ...endless));
      await Promise.all(all.map((run) => Promise.race([run.end, until(run, /start model/)])));
      const alive = all.filter(({ child }) => child.exitCode === null);
      expect(alive).toHaveLength(1);
      alive[0]!.child.kill("SIGTERM");
      const exits = (await Promise.all(all.map(({ end }) => end))).map(({ exit }) => exit);
      expect(exits.sort()).toEqual([143, ...Array<number>(starts - 1).fill(2)]);
      expect(files(directory).filter((name) => name.includes("lock"))).toEqual([]);
    },
  );
});
