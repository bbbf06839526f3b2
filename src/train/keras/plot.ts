/** A model's layers as a picture. Source: tf_keras/src/utils/vis_utils.py. */
import { historyOf, type Layer } from "../../build/keras/layers/layer.ts";
import { ValueError } from "../../core/error.ts";
import { writeFileAtomic } from "../../io/file_system.ts";
import { byName, type Rest } from "../../ops/options.ts";
import { modelToDot } from "./utils.ts";

export interface PlotOptions {
  /** A file that ends in .svg or .dot: "model.svg". */
  readonly toFile?: string | undefined;
  readonly showShapes?: boolean | undefined;
  readonly showDtype?: boolean | undefined;
  readonly showLayerNames?: boolean | undefined;
  /** "TB" from top to bottom, "LR" from left to right. */
  readonly rankdir?: "TB" | "LR" | undefined;
}
const places = ["toFile", "showShapes", "showDtype", "showLayerNames", "rankdir"] as const;

const character = 7.2;
const line = 18;
const gap = 40;

interface Node {
  readonly layer: Layer;
  readonly lines: readonly string[];
  readonly width: number;
  readonly height: number;
  rank: number;
  x: number;
  y: number;
}

/** As Python prints a shape, or a list of shapes. */
const shapeText = (value: unknown): string =>
  JSON.stringify(value).replaceAll("null", "None").replaceAll(",", ", ").replaceAll("[", "(").replaceAll("]", ")");

const escaped = (text: string): string =>
  text.replace(/[&<>]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[c]!);

/** The layers whose outputs a layer takes. */
const before = (layer: Layer): Layer[] =>
  layer.inboundNodes.flatMap(({ inputs }) => inputs.flatMap((input) => historyOf(input)?.layer ?? []));

/** The shape that a layer takes; of an input the one that it has. */
const given = (layer: Layer): unknown => (before(layer).length === 0 ? layer.outputShape : layer.inputShape);

function nodesOf(layers: readonly Layer[], options: PlotOptions): Node[] {
  const { showShapes = false, showDtype = false, showLayerNames = true } = options;
  const nodes = new Map<Layer, Node>();
  for (const layer of layers) {
    const kind = layer.constructor.name === "Model" ? "Functional" : layer.constructor.name;
    const lines = [
      showLayerNames ? `${layer.name}: ${kind}` : kind,
      ...(showDtype ? [String((layer as { dtype?: { name?: string } }).dtype?.name ?? "?")] : []),
      ...(showShapes ? [`input: ${shapeText(given(layer))}`, `output: ${shapeText(layer.outputShape)}`] : []),
    ];
    const width = Math.max(...lines.map((text) => text.length)) * character + 20;
    const rank = Math.max(-1, ...before(layer).map((each) => nodes.get(each)?.rank ?? -1)) + 1;
    nodes.set(layer, { layer, lines, width, height: lines.length * line + 10, rank, x: 0, y: 0 });
  }
  return [...nodes.values()];
}

/** Gives each node its place: one row (or column) for each rank. The picture's width and height. */
function place(nodes: readonly Node[], isDown: boolean): [number, number] {
  const ranks = Array.from({ length: Math.max(0, ...nodes.map(({ rank }) => rank + 1)) }, (_, rank) =>
    nodes.filter((node) => node.rank === rank),
  );
  const along = (node: Node): number => (isDown ? node.width : node.height);
  const across = (node: Node): number => (isDown ? node.height : node.width);
  const lengthOf = (row: readonly Node[]): number => row.reduce((sum, node) => sum + along(node) + gap, -gap);
  const widest = Math.max(0, ...ranks.map(lengthOf));
  let depth = 10;
  for (const row of ranks) {
    let at = 10 + (widest - lengthOf(row)) / 2;
    for (const node of row) {
      [node.x, node.y] = isDown ? [at, depth] : [depth, at];
      at += along(node) + gap;
    }
    depth += Math.max(...row.map(across)) + gap;
  }
  return isDown ? [widest + 20, depth - gap + 10] : [depth - gap + 10, widest + 20];
}

function svgOf(model: { readonly layers: readonly Layer[] }, options: PlotOptions): string {
  const isDown = options.rankdir !== "LR";
  const nodes = nodesOf(model.layers, options);
  const [width, height] = place(nodes, isDown);
  const of = new Map(nodes.map((node) => [node.layer, node]));
  const boxes = nodes.map(({ x, y, width: w, height: h, lines }) => {
    const texts = lines.map((text, i) => `<text x="${x + w / 2}" y="${y + 18 + i * line}">${escaped(text)}</text>`);
    return `<rect x="${x}" y="${y}" width="${w}" height="${h}"/>${texts.join("")}`;
  });
  const arrows = nodes.flatMap((node) =>
    before(node.layer).flatMap((each) => {
      const from = of.get(each);
      if (!from) return [];
      const [x1, y1, x2, y2] = isDown
        ? [from.x + from.width / 2, from.y + from.height, node.x + node.width / 2, node.y]
        : [from.x + from.width, from.y + from.height / 2, node.x, node.y + node.height / 2];
      return [`<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" marker-end="url(#tip)"/>`];
    }),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="monospace" font-size="12" text-anchor="middle">
<style>rect{fill:#fff;stroke:#000}line{stroke:#000}</style>
<defs><marker id="tip" markerWidth="8" markerHeight="8" refX="8" refY="4" orient="auto"><path d="M0,0 L8,4 L0,8 z"/></marker></defs>
${[...boxes, ...new Set(arrows)].join("\n")}
</svg>
`;
}

/** Writes a picture of a model's layers, an SVG or Graphviz file. Throws ValueError for another kind of file. */
export function plotModel(
  model: { readonly layers: readonly Layer[] },
  ...rest: Rest<PlotOptions, typeof places>
): void {
  const options = byName<PlotOptions>(rest, places);
  const { toFile = "model.svg", ...how } = options;
  const kind = /\.(svg|dot)$/i.exec(toFile)?.[1]?.toLowerCase();
  if (!kind) throw new ValueError(`${toFile}: pictures of models are written as .svg, or as .dot for Graphviz`);
  const text = kind === "svg" ? svgOf(model, options) : modelToDot(model, how);
  writeFileAtomic(toFile, new TextEncoder().encode(text));
}
