/** Operations: the nodes of a graph. */
import { ValueError } from "../core/error.ts";
import { inspectKey, isOutermost } from "../core/text/inspect.ts";
import { userLine } from "../core/trace.ts";
import { type AttrValue, holdsTensor, unwrapAttr } from "./attr.ts";
import type { ControlFlowContext } from "./context.ts";
import { type NodeDef, nodeDefOf } from "./def/message.ts";
import { nodeText } from "./def/node_text.ts";
import type { AttrPlain, OpDefinition } from "./definition.ts";
import type { Graph } from "./graph.ts";
import { defaultSession, type FeedDict, type SessionLike } from "./scopes.ts";
import type { Tensor } from "./tensor.ts";

/** The plain attrs of the last operation of each definition: operations of equal attrs have them in common. */
const lastPlain = new WeakMap<OpDefinition, Readonly<Record<string, AttrPlain>>>();

function plainAttrsOf(
  definition: OpDefinition,
  attrs: ReadonlyMap<string, AttrValue>,
): Readonly<Record<string, AttrPlain>> {
  const last = lastPlain.get(definition);
  const plain: Record<string, AttrPlain> = {};
  let same = 0;
  for (const [name, attr] of attrs) {
    plain[name] = unwrapAttr(attr);
    if (last && Object.is(plain[name], last[name])) same++;
  }
  if (last && same === attrs.size && Object.keys(last).length === same) return last;
  if (!holdsTensor(definition)) lastPlain.set(definition, plain);
  return plain;
}

/** One node. Inputs and attrs are set by the graph; the only later changes are back edges of loops, added control inputs, and what gradients of calls add. */
export class Operation {
  readonly graph: Graph;
  readonly name: string;
  readonly type: string;
  readonly definition: OpDefinition;
  /** Place in the order of creation. */
  readonly id: number;
  readonly outputs: readonly Tensor[] = [];
  device: string;
  controlFlowContext: ControlFlowContext | null = null;
  readonly #inputs: Tensor[];
  readonly #controlInputs: Operation[];
  readonly #attrs: Map<string, AttrValue>;
  readonly #trace: Error | undefined;
  #plainAttrs: Readonly<Record<string, AttrPlain>> | null = null;
  /** What infer.ts copies for records of the op; null: it was asked once. */
  layout: Readonly<Record<string, unknown>> | null | undefined = undefined;

  constructor(options: {
    graph: Graph;
    name: string;
    definition: OpDefinition;
    id: number;
    inputs: readonly Tensor[];
    controlInputs: readonly Operation[];
    attrs: Map<string, AttrValue>;
    device: string;
    trace: Error | undefined;
  }) {
    this.graph = options.graph;
    this.name = options.name;
    this.type = options.definition.type;
    this.definition = options.definition;
    this.id = options.id;
    this.#inputs = [...options.inputs];
    this.#controlInputs = [...options.controlInputs];
    this.#attrs = options.attrs;
    this.device = options.device;
    this.#trace = options.trace;
    for (const input of this.#inputs) input.users.push(this);
  }

  get inputs(): readonly Tensor[] {
    return this.#inputs;
  }

  get controlInputs(): readonly Operation[] {
    return this.#controlInputs;
  }

  get attrs(): ReadonlyMap<string, AttrValue> {
    return this.#attrs;
  }

  /** The plain values of all attrs by name. */
  get plainAttrs(): Readonly<Record<string, AttrPlain>> {
    this.#plainAttrs ??= plainAttrsOf(this.definition, this.#attrs);
    return this.#plainAttrs;
  }

  /** The attr's plain value. Throws ValueError `Operation 'a' has no attr named 'N'.` */
  getAttr<T extends AttrPlain = AttrPlain>(name: string): T {
    const attr = this.#attrs.get(name);
    if (!attr) throw new ValueError(`Operation '${this.name}' has no attr named '${name}'.`);
    return unwrapAttr(attr) as T;
  }

  setAttr(name: string, value: AttrValue): void {
    this.#attrs.set(name, value);
    this.#plainAttrs = null;
    this.layout = undefined;
    this.graph.changed();
  }

  /** Replaces an input: the back edge of a loop. */
  updateInput(index: number, tensor: Tensor): void {
    const old = this.#inputs[index];
    if (old) {
      const at = old.users.indexOf(this);
      if (at >= 0) old.users.splice(at, 1);
    }
    this.#inputs[index] = tensor;
    tensor.users.push(this);
    this.graph.changed();
  }

  /** More inputs and outputs for an op that calls functions: what its gradient needs of the call. The attrs must already say so. */
  extend(inputs: readonly Tensor[], outputs: readonly Tensor[]): void {
    for (const input of inputs) {
      this.#inputs.push(input);
      input.users.push(this);
    }
    (this.outputs as Tensor[]).push(...outputs);
    this.graph.changed();
  }

  addControlInputs(ops: Iterable<Operation>): void {
    for (const op of ops) if (!this.#controlInputs.includes(op)) this.#controlInputs.push(op);
    this.graph.changed();
  }

  removeControlInputs(): void {
    this.#controlInputs.length = 0;
    this.graph.changed();
  }

  /** The user's line that made this operation, `file:line`; undefined for imported nodes. */
  get madeAt(): string | undefined {
    return this.#trace && userLine(this.#trace);
  }

  /** Runs this operation in the given session or the default one. */
  async run(feedDict?: FeedDict, session?: SessionLike): Promise<void> {
    const target = session ?? defaultSession();
    if (!target) {
      throw new ValueError(
        "Cannot execute operation using `run()`: No default session is registered. Use `with sess.as_default():` or pass an explicit session to `run(session=sess)`",
      );
    }
    if (target.graph !== this.graph) {
      throw new ValueError(
        session
          ? "Cannot use the given session to execute operation: the operation's graph is different from the session's graph."
          : "Cannot use the default session to execute operation: the operation's graph is different from the session's graph. Pass an explicit session to run(session=sess).",
      );
    }
    await target.run(this, feedDict === undefined ? undefined : { feedDict });
  }

  /** A copy of this node as its message. */
  get nodeDef(): NodeDef {
    return nodeDefOf(this);
  }

  /** The NodeDef as text, as Python prints an Operation. */
  toString(): string {
    return nodeText(this);
  }

  /** `<tf.Operation 'init' type=NoOp>`. */
  repr(): string {
    return `<tf.Operation '${this.name}' type=${this.type}>`;
  }

  [inspectKey](depth?: number | null, options?: { depth?: number | null }): string {
    return isOutermost(depth, options) ? this.toString() : this.repr();
  }
}
