/** The panel as a sink of reports: draws at most 4 times a second, whatever the rate of the reports. */
import { render } from "ink";
import { useEffect, useState } from "react";
import type { Controls, ReportSink } from "../../train/report.ts";
import { changedLinesOnly } from "./changed_lines.ts";
import { Panel } from "./panel.tsx";
import { advance, emptyView, type View } from "./view.ts";

export interface PanelOptions {
  readonly stdout: NodeJS.WriteStream;
  readonly stdin: NodeJS.ReadStream;
  readonly stderr: NodeJS.WriteStream;
  readonly controls: Controls;
  readonly onInterrupt: () => void;
  readonly ascii: boolean;
}

export const framesPerSecond = 4;

/** The newest view, and who draws it. Drawing waits until a quarter of a second has passed since the frame before. */
class Frames {
  view: View = emptyView;
  #draw: (view: View) => void = () => {};
  #timer: NodeJS.Timeout | undefined;

  onFrame(draw: (view: View) => void): void {
    this.#draw = draw;
  }

  show(view: View): void {
    this.view = view;
    this.#timer ??= setTimeout(() => this.flush(), 1000 / framesPerSecond);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#draw(this.view);
  }
}

function Root({ frames, options }: { frames: Frames; options: PanelOptions }) {
  const { stdout, controls, onInterrupt, ascii } = options;
  const [view, setView] = useState(frames.view);
  const [size, setSize] = useState({ columns: stdout.columns, rows: stdout.rows });
  useEffect(() => {
    frames.onFrame(setView);
    const resized = () => setSize({ columns: stdout.columns, rows: stdout.rows });
    stdout.on("resize", resized);
    return () => {
      stdout.off("resize", resized);
    };
  }, [frames, stdout]);
  return <Panel view={view} {...size} ascii={ascii} controls={controls} onInterrupt={onInterrupt} />;
}

/** Takes over a terminal until `close`, which leaves the summary in the scrollback. */
export function panelSink(options: PanelOptions): ReportSink {
  const frames = new Frames();
  const { stdout, stdin, stderr, ascii } = options;
  const app = render(<Root frames={frames} options={options} />, {
    stdout: changedLinesOnly(stdout),
    stdin,
    stderr,
    exitOnCtrlC: false,
    patchConsole: true,
    maxFps: framesPerSecond,
  });
  return {
    report: (report) => frames.show(advance(frames.view, report, ascii)),
    async close() {
      frames.flush();
      app.rerender(<Root frames={frames} options={options} />); // commits the last view before ink leaves
      app.unmount();
      await app.waitUntilExit();
    },
  };
}
