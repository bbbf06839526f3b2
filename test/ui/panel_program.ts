/** A run that never trains: reports to the panel until its keys say stop; writes what was asked to the file named. */
import { writeFileSync } from "node:fs";
import { panelSink } from "../../src/ui/panel/sink.tsx";
import { end, start, stepAt } from "./reports.ts";

const asked: string[] = [];
const now = () => Date.now() / 1000;
let step = 0;

const sink = panelSink({
  stdout: process.stdout,
  stdin: process.stdin,
  stderr: process.stderr,
  ascii: false,
  onInterrupt: () => process.exit(130),
  controls: {
    requestSave() {
      asked.push("save");
      sink.report({ event: "save", time: now(), step, path: `runs/mnist/model.ckpt-${step}`, bytes: 31544, ms: 12 });
    },
    requestPause: () => {},
    requestEval: () => {},
    requestStop({ save }) {
      asked.push(save ? "stop and save" : "stop");
      clearInterval(timer);
      sink.report({ ...end, time: now(), step, reason: "user" });
      void sink.close().then(() => writeFileSync(process.argv[2]!, `asked: ${asked.join(", ")}\n`));
    },
  },
});
sink.report({ ...start, time: now() });
const timer = setInterval(() => {
  step += 5;
  sink.report(stepAt(step, now(), 2.3 * Math.exp(-step / 300)));
}, 20);
