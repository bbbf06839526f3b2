/** One FileWriter for each folder. They belong to the graph that is the default one when they are made. Source: writer_cache.py. */
import { getDefaultGraph } from "../../../graph/graph.ts";
import { FileWriter } from "../../file_writer.ts";

const key = Symbol("file writers");

function writers(): Map<string, FileWriter> {
  const { extras } = getDefaultGraph();
  if (!extras.has(key)) extras.set(key, new Map());
  return extras.get(key) as Map<string, FileWriter>;
}

export const FileWriterCache = {
  /** The writer of a folder; a new one begins with the graph. */
  get(logdir: string): FileWriter {
    const known = writers();
    let writer = known.get(logdir);
    if (!writer) {
      writer = new FileWriter(logdir, getDefaultGraph());
      known.set(logdir, writer);
    }
    return writer;
  },

  /** Closes all of them. */
  clear(): void {
    for (const writer of writers().values()) writer.close();
    writers().clear();
  },
};
