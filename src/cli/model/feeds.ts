/** Feeds of a command line: `NAME=VALUE`, `NAME=@file.npy`, `NAME=@file.json`. */
import type { NdArray } from "../../core/nd_array.ts";
import type { Graph } from "../../graph/graph.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { readFile } from "../../io/file_system.ts";
import { Misuse } from "../command.ts";

/** Pairs of tensor name and value. Throws Misuse for a text that is no feed. */
export async function parseFeeds(graph: Graph, texts: readonly string[]): Promise<[Tensor, unknown][]> {
  return Promise.all(
    texts.map(async (text) => {
      const at = text.indexOf("=");
      if (at <= 0) throw new Misuse(`--feed: expected NAME=VALUE or NAME=@FILE, got "${text}". Example: x:0=[[1, 2]]`);
      const name = text.slice(0, at);
      const tensor = graph.getTensorByName(name.includes(":") ? name : `${name}:0`);
      return [tensor, await valueOf(text.slice(at + 1), tensor)];
    }),
  );
}

async function valueOf(text: string, tensor: Tensor): Promise<NdArray | unknown> {
  if (text.startsWith("@")) {
    const path = text.slice(1);
    const bytes = readFile(path);
    if (path.endsWith(".npy")) {
      const { readNpy } = await import("../../io/npy.ts");
      return readNpy(bytes, path);
    }
    return parseJson(new TextDecoder().decode(bytes), path);
  }
  if (tensor.dtype.base === "string" && !text.startsWith("[")) return text;
  return parseJson(text, text);
}

function parseJson(text: string, shown: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Misuse(`--feed: ${shown} is no number, list or JSON value`);
  }
}
