/** Where the reports of a run go: panel, lines or JSON, and always log.jsonl in the run's folder. */
import { dirname } from "node:path";
import { isatty } from "node:tty";
import { nodeFiles } from "../io/file_system.ts";
import { appendLines } from "../io/text_file.ts";
import type { Controls, ReportSink } from "../train/report.ts";
import { allSinks } from "../train/report.ts";
import { chooseAscii, chooseUi, type UiFlag } from "../ui/choose.ts";
import { jsonLine, jsonSink } from "../ui/json.ts";
import { plainSink } from "../ui/plain.ts";

export interface ReportOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly ui: UiFlag;
  /** What Ctrl-C in the panel means. */
  readonly onInterrupt: () => void;
}

/** Chooses the form of the reports, and loads the panel only where it is drawn. The result makes the sink for a run. */
export async function prepareReports(
  options: ReportOptions,
): Promise<(controls: Controls, logPath: string | null) => ReportSink> {
  const { stdout, stderr } = process;
  const env = (name: string): string | undefined => process.env[name];
  const kind = chooseUi(options.ui, options.json, {
    stdinIsTTY: isatty(0),
    stdoutIsTTY: stdout.isTTY === true,
    stderrIsTTY: stderr.isTTY === true,
    columns: stdout.columns ?? 0,
    rows: stdout.rows ?? 0,
    env,
  });
  const panel = kind === "panel" ? await import("../ui/panel/sink.tsx") : null;
  const write = (line: string): void => {
    stdout.write(line);
  };
  const warn = (line: string): void => {
    stderr.write(line);
  };
  const shown = (controls: Controls): ReportSink => {
    if (panel)
      return panel.panelSink({
        stdin: process.stdin,
        stdout,
        stderr,
        controls,
        onInterrupt: options.onInterrupt,
        ascii: chooseAscii(env),
      });
    if (kind === "json") return jsonSink(write);
    return plainSink({ out: kind === "none" ? () => {} : write, err: warn, quiet: options.quiet });
  };
  return (controls, logPath) => (logPath === null ? shown(controls) : allSinks([shown(controls), logSink(logPath)]));
}

/** log.jsonl: made with the first report that belongs to training. */
function logSink(path: string): ReportSink {
  let file: ReturnType<typeof appendLines> | null = null;
  return {
    report(report) {
      if (!file) {
        nodeFiles.mkdir(dirname(path));
        file = appendLines(path);
      }
      file.write(jsonLine(report));
    },
    async close() {
      file?.close();
    },
  };
}
