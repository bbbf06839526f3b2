/**
 * Trees that are grown layer by layer, as TensorFlow's message boosted_trees.TreeEnsemble:
 *     TreeEnsemble     trees=1  tree_weights=2 (packed)  tree_metadata=3  growing_metadata=4
 *     Tree             nodes=1
 *     Node             leaf=1  bucketized_split=2  categorical_split=3  metadata=777
 *     Leaf             vector=1 { value=1 (packed) }  scalar=3
 *     split            feature_id=1  threshold (or value)=2  left_id=3  right_id=4  dimension_id=5  default_direction=6
 *     NodeMetadata     gain=1  original_leaf=2
 *     TreeMetadata     num_layers_grown=2  is_finalized=3  post_pruned_nodes_meta=4 { new_node_id=1  logit_change=2 (packed) }
 *     GrowingMetadata  num_trees_attempted=1  num_layers_attempted=2  last_layer_node_start=3  last_layer_node_end=4
 * Source: boosted_trees/boosted_trees.proto, boosted_trees/resources.cc
 */
import { WireReader, WireWriter } from "../../../io/wire.ts";

/** A leaf's logits: one number, or one for each dimension. */
export type Leaf = readonly number[];

export interface Split {
  /** Buckets up to the threshold go left, or the one category. */
  readonly kind: "bucketized" | "categorical";
  readonly featureId: number;
  readonly threshold: number;
  readonly leftId: number;
  readonly rightId: number;
  readonly dimensionId: number;
  /** 0: missing values go left. */
  readonly defaultDirection: number;
}

export interface Node {
  leaf: Leaf | null;
  split: Split | null;
  gain: number | null;
  originalLeaf: Leaf | null;
}

export interface Tree {
  nodes: Node[];
  weight: number;
  layers: number;
  isFinalized: boolean;
  /** After pruning: where each node went, and what its examples' logits gain by it. */
  pruned: { newId: number; change: Leaf }[];
}

const isZero = (leaf: Leaf): boolean => leaf.every((value) => value === 0);

export class TreeEnsemble {
  stamp = 0n;
  trees: Tree[] = [];
  treesAttempted = 0;
  layersAttempted = 0;
  lastLayer: [start: number, end: number] = [0, 0];

  addTree(logits: Leaf): void {
    const root: Node = { leaf: logits, split: null, gain: null, originalLeaf: null };
    this.trees.push({ nodes: [root], weight: 1, layers: 0, isFinalized: false, pruned: [] });
  }

  /** Counts an attempt to grow a layer, and a tree if it is the tree's first. */
  countAttempt(): void {
    this.layersAttempted++;
    const n = this.trees.length;
    const isFirstLayer = n > 0 && (n === 1 || this.trees[n - 2]!.isFinalized) && this.trees[n - 1]!.nodes.length === 1;
    if (n === 0 || isFirstLayer) this.treesAttempted++;
  }

  /** The logits of a node; of a split those that it had as a leaf, empty where it had none. */
  logitsOf(tree: number, id: number): Leaf {
    const node = this.trees[tree]!.nodes[id]!;
    return node.leaf ?? node.originalLeaf ?? [];
  }

  /** Makes a leaf a split of two new leaves. */
  split(
    tree: number,
    id: number,
    split: Omit<Split, "leftId" | "rightId">,
    leaves: { gain: number; left: Leaf; right: Leaf },
  ): void {
    const { nodes } = this.trees[tree]!;
    const node = nodes[id]!;
    const before = node.leaf ?? [];
    const below = (change: Leaf): Node => ({
      leaf: change.map((value, i) => Math.fround((before[i] ?? 0) + value)),
      split: null,
      gain: null,
      originalLeaf: null,
    });
    const leftId = nodes.length;
    nodes.push(below(leaves.left), below(leaves.right));
    if (id !== 0 || before.length > 1 || !isZero(before)) node.originalLeaf = before;
    node.gain = leaves.gain;
    node.leaf = null;
    node.split = { ...split, leftId, rightId: leftId + 1 };
  }

  encode(): Uint8Array {
    const writer = new WireWriter();
    for (const tree of this.trees) writer.bytes(1, treeBytes(tree));
    if (this.trees.length > 0) writer.bytes(2, packedFloats(this.trees.map(({ weight }) => weight)));
    for (const tree of this.trees) writer.bytes(3, treeMetadataBytes(tree));
    const growing = new WireWriter();
    number(growing, 1, this.treesAttempted);
    number(growing, 2, this.layersAttempted);
    number(growing, 3, this.lastLayer[0]);
    number(growing, 4, this.lastLayer[1]);
    const bytes = growing.finish();
    if (bytes.length > 0) writer.bytes(4, bytes);
    return writer.finish();
  }

  /** Throws DATA_LOSS for what is no ensemble. */
  decode(bytes: Uint8Array): void {
    this.trees = [];
    [this.treesAttempted, this.layersAttempted, this.lastLayer] = [0, 0, [0, 0]];
    const weights: number[] = [];
    let described = 0;
    fields(new WireReader(bytes), {
      1: (reader) =>
        this.trees.push({ ...readTree(reader.message()), weight: 1, layers: 0, isFinalized: false, pruned: [] }),
      2: (reader, type) => weights.push(...readFloats(reader, type)),
      3: (reader) => readTreeMetadata(reader.message(), this.trees, described++),
      4: (reader) =>
        fields(reader.message(), {
          1: (inner) => (this.treesAttempted = Number(inner.int64())),
          2: (inner) => (this.layersAttempted = Number(inner.int64())),
          3: (inner) => (this.lastLayer = [Number(inner.int64()), this.lastLayer[1]]),
          4: (inner) => (this.lastLayer = [this.lastLayer[0], Number(inner.int64())]),
        }),
    });
    for (const [i, weight] of weights.entries()) this.trees[i]!.weight = weight;
  }
}

/** Zeros are left out, as messages do. */
function number(writer: WireWriter, field: number, value: number): void {
  if (value !== 0) writer.tag(field, 0).int64(value);
}

const packedFloats = (values: readonly number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);

function leafBytes(leaf: Leaf): Uint8Array {
  const writer = new WireWriter();
  if (leaf.length > 1) writer.bytes(1, new WireWriter().bytes(1, packedFloats(leaf)).finish());
  else if (leaf[0]) writer.tag(3, 5).float(leaf[0]);
  return writer.finish();
}

function splitBytes({ featureId, threshold, leftId, rightId, dimensionId, defaultDirection }: Split): Uint8Array {
  const writer = new WireWriter();
  for (const [field, value] of [featureId, threshold, leftId, rightId, dimensionId, defaultDirection].entries()) {
    number(writer, field + 1, value);
  }
  return writer.finish();
}

function treeBytes({ nodes }: Tree): Uint8Array {
  const writer = new WireWriter();
  for (const { leaf, split, gain, originalLeaf } of nodes) {
    const node = new WireWriter();
    if (leaf) node.bytes(1, leafBytes(leaf));
    if (split) node.bytes(split.kind === "bucketized" ? 2 : 3, splitBytes(split));
    if (gain !== null || originalLeaf) {
      const metadata = new WireWriter();
      if (gain) metadata.tag(1, 5).float(gain);
      if (originalLeaf) metadata.bytes(2, leafBytes(originalLeaf));
      node.bytes(777, metadata.finish());
    }
    writer.bytes(1, node.finish());
  }
  return writer.finish();
}

function treeMetadataBytes({ layers, isFinalized, pruned }: Tree): Uint8Array {
  const writer = new WireWriter();
  number(writer, 2, layers);
  number(writer, 3, isFinalized ? 1 : 0);
  for (const { newId, change } of pruned) {
    const update = new WireWriter();
    number(update, 1, newId);
    update.bytes(2, packedFloats(change));
    writer.bytes(4, update.finish());
  }
  return writer.finish();
}

type Readers = Readonly<Record<number, (reader: WireReader, wireType: number) => unknown>>;

function fields(reader: WireReader, readers: Readers): void {
  while (reader.hasMore) {
    const tag = reader.varint();
    const read = readers[tag >>> 3];
    if (read) read(reader, tag & 7);
    else reader.skip(tag);
  }
}

function readFloats(reader: WireReader, wireType: number): number[] {
  if (wireType !== 2) return [reader.float()];
  const inner = reader.message();
  const values: number[] = [];
  while (inner.hasMore) values.push(inner.float());
  return values;
}

function readLeaf(reader: WireReader): Leaf {
  let leaf: number[] = [0];
  fields(reader, {
    1: (inner) => {
      const values: number[] = [];
      fields(inner.message(), { 1: (vector, type) => values.push(...readFloats(vector, type)) });
      leaf = values;
    },
    3: (inner) => (leaf = [inner.float()]),
  });
  return leaf;
}

function readSplit(reader: WireReader, kind: Split["kind"]): Split {
  const values = [0, 0, 0, 0, 0, 0, 0];
  const read = (field: number) => (inner: WireReader) => (values[field] = Number(inner.int64()));
  fields(reader, { 1: read(1), 2: read(2), 3: read(3), 4: read(4), 5: read(5), 6: read(6) });
  const [, featureId, threshold, leftId, rightId, dimensionId, defaultDirection] = values as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return { kind, featureId, threshold, leftId, rightId, dimensionId, defaultDirection };
}

function readTree(reader: WireReader): { nodes: Node[] } {
  const nodes: Node[] = [];
  fields(reader, {
    1: (each) => {
      const node: Node = { leaf: null, split: null, gain: null, originalLeaf: null };
      fields(each.message(), {
        1: (inner) => (node.leaf = readLeaf(inner.message())),
        2: (inner) => (node.split = readSplit(inner.message(), "bucketized")),
        3: (inner) => (node.split = readSplit(inner.message(), "categorical")),
        777: (inner) =>
          fields(inner.message(), {
            1: (metadata) => (node.gain = metadata.float()),
            2: (metadata) => (node.originalLeaf = readLeaf(metadata.message())),
          }),
      });
      nodes.push(node);
    },
  });
  return { nodes };
}

function readTreeMetadata(reader: WireReader, trees: readonly Tree[], i: number): void {
  const tree = trees[i]!;
  fields(reader, {
    2: (inner) => (tree.layers = Number(inner.int64())),
    3: (inner) => (tree.isFinalized = inner.varint() !== 0),
    4: (inner) => {
      const update: { newId: number; change: number[] } = { newId: 0, change: [] };
      fields(inner.message(), {
        1: (each) => (update.newId = Number(each.int64())),
        2: (each, type) => update.change.push(...readFloats(each, type)),
      });
      tree.pruned.push(update);
    },
  });
}
