import type { Tensor } from "../../../src/graph/tensor.ts";
import * as tf from "../../../src/index.ts";
import type { Program } from "./compare.ts";

const C = tf.nn.rnnCell;
const flat = (...values: unknown[]): Tensor[] => values.flat(9) as Tensor[];

/** The values, and a training step of all variables. */
function trained(...values: unknown[]) {
  const loss = tf.addN(flat(...values).map((value) => tf.reduceSum(tf.square(value))));
  return [...flat(...values), new tf.train.GradientDescentOptimizer(0.1).minimize(loss)];
}

type DynamicOptions = Extract<Parameters<typeof tf.nn.dynamicRnn>[2], { readonly scope?: unknown }>;
const dynamic = (cell: Parameters<typeof tf.nn.dynamicRnn>[0], x: Tensor, options: DynamicOptions = {}): Tensor[] =>
  flat(tf.nn.dynamicRnn(cell, x, { dtype: tf.float32, ...options }));

type X = { readonly x: Tensor };
type Lengths = X & { readonly n: Tensor };
type Initial = X & { readonly h: Tensor };

class Mine extends C.RNNCell {
  readonly stateSize = 2;
  readonly outputSize = 2;

  protected override call(inputs: Tensor, state: Tensor): [Tensor, Tensor] {
    const w = tf.getVariable("w", [2], { initializer: tf.onesInitializer() });
    return [inputs.mul(w), state.add(inputs)];
  }
}

const kinds: Record<string, Program> = {
  basic_rnn: ({ x }: X) => trained(dynamic(new C.BasicRNNCell(3), x)),
  gru: ({ x }: X) => trained(dynamic(new C.GRUCell(3), x)),
  gru_options({ x }: X) {
    const cell = new C.GRUCell(3, {
      activation: tf.nn.relu,
      kernelInitializer: tf.onesInitializer(),
      biasInitializer: tf.constantInitializer(0.5),
      name: "mine",
    });
    return dynamic(cell, x);
  },
  basic_lstm: ({ x }: X) => trained(dynamic(new C.BasicLSTMCell(3), x)),
  basic_lstm_joined: ({ x }: X) =>
    dynamic(new C.BasicLSTMCell(3, { forgetBias: 0.5, stateIsTuple: false, activation: tf.sigmoid }), x),
  lstm: ({ x }: X) => trained(dynamic(new C.LSTMCell(3), x)),
  lstm_all({ x }: X) {
    const cell = new C.LSTMCell(3, {
      usePeepholes: true,
      cellClip: 0.2,
      numProj: 2,
      projClip: 0.1,
      initializer: tf.randomUniformInitializer({ minval: -1, maxval: 1 }),
    });
    return trained(dynamic(cell, x));
  },
  lstm_joined: ({ x }: X) => dynamic(new C.LSTMCell(3, { numProj: 2, stateIsTuple: false, forgetBias: 0 }), x),
  multi: ({ x }: X) => trained(dynamic(new C.MultiRNNCell([new C.BasicLSTMCell(3), new C.GRUCell(2)]), x)),
  multi_joined: ({ x }: X) =>
    dynamic(new C.MultiRNNCell([new C.BasicRNNCell(3), new C.GRUCell(2)], { stateIsTuple: false }), x),
  residual: ({ x }: X) => dynamic(new C.ResidualWrapper(new C.GRUCell(2)), x),
  residual_fn: ({ x }: X) =>
    dynamic(new C.ResidualWrapper(new C.GRUCell(3), { residualFn: (_, output) => (output as Tensor).mul(2) }), x),
  device: ({ x }: X) => dynamic(new C.DeviceWrapper(new C.GRUCell(2), "/cpu:0"), x),
  dropout: ({ x }: X) =>
    dynamic(
      new C.DropoutWrapper(new C.BasicLSTMCell(3), {
        inputKeepProb: 0.9,
        outputKeepProb: 0.8,
        stateKeepProb: 0.7,
        seed: 7,
      }),
      x,
      { parallelIterations: 1 },
    ),
  dropout_variational({ x }: X) {
    const cell = new C.DropoutWrapper(new C.BasicLSTMCell(3), {
      inputKeepProb: 0.9,
      outputKeepProb: 0.8,
      stateKeepProb: 0.7,
      variationalRecurrent: true,
      inputSize: 2,
      dtype: tf.float32,
      seed: 7,
    });
    return dynamic(cell, x);
  },
  dropout_fed: ({ x, keep }: X & { readonly keep: Tensor }) =>
    dynamic(new C.DropoutWrapper(new C.GRUCell(3), { outputKeepProb: keep }), x),
  own_cell: ({ x }: X) => dynamic(new Mine(), x),
  one_step({ x, h }: Initial) {
    const cell = new C.GRUCell(5);
    const [a, first] = cell.apply(x, h);
    const [b, s] = cell.apply(x, first);
    return tf.variableScope("z", () => {
      const zero = cell.zeroState(tf.shape(x).at(0), tf.float32);
      return flat(a, b, s, zero, new C.BasicRNNCell(2).apply(x, (a as Tensor).at(":", ":2"), { scope: "given" }));
    });
  },
};

type Bidirectional = NonNullable<Parameters<typeof tf.nn.bidirectionalDynamicRnn>[3]>;
const both = (x: Tensor, options: Bidirectional = {}): Tensor[] =>
  flat(tf.nn.bidirectionalDynamicRnn(new C.GRUCell(3), new C.BasicLSTMCell(2), x, { dtype: tf.float32, ...options }));

const saver = {
  state: (name: string): Tensor => tf.convertToTensor(tf.getVariable(`saved_${name}`, [3, 5])),
  saveState: (name: string, value: Tensor): Tensor => tf.identity(value, { name: `save_${name}` }),
};

type ABC = { readonly a: Tensor; readonly b: Tensor; readonly c: Tensor };
const float = { dtype: tf.float32 };

const loops: Record<string, Program> = {
  lengths: ({ x, n }: Lengths) => trained(dynamic(new C.BasicLSTMCell(3), x, { sequenceLength: n })),
  lengths_unknown: ({ x, n }: Lengths) => dynamic(new C.GRUCell(3), x, { sequenceLength: n }),
  time_major: ({ x }: X) =>
    dynamic(new C.GRUCell(3), x, { timeMajor: true, swapMemory: true, parallelIterations: 2, scope: "mine" }),
  initial_state: ({ x, h }: Initial) => dynamic(new C.GRUCell(5), x, { initialState: h, dtype: undefined }),
  reused({ x }: X) {
    const first = tf.variableScope("a", () => dynamic(new C.GRUCell(2), x));
    return tf.variableScope("a", { reuse: true }, () => [...first, ...dynamic(new C.GRUCell(2), first[0]!)]);
  },
  bidirectional: ({ x }: X) => trained(both(x)),
  bidirectional_lengths: ({ x, n }: Lengths) => both(x, { sequenceLength: n }),
  bidirectional_time_major: ({ x }: X) => both(x, { timeMajor: true }),
  static: ({ a, b, c }: ABC) => trained(tf.nn.staticRnn(new C.BasicLSTMCell(3), [a, b, c], float)),
  static_multi: ({ a, b, c }: ABC) =>
    flat(tf.nn.staticRnn(new C.MultiRNNCell([new C.GRUCell(3), new C.GRUCell(2)]), [a, b, c], float)),
  static_lengths: ({ a, b, c, n }: ABC & Lengths) =>
    flat(tf.nn.staticRnn(new C.GRUCell(3), [a, b, c], { ...float, sequenceLength: n })),
  static_bidirectional: ({ a, b, c }: ABC) =>
    flat(tf.nn.staticBidirectionalRnn(new C.GRUCell(3), new C.GRUCell(2), [a, b, c], float)),
  static_bidirectional_lengths: ({ a, b, c, n }: ABC & Lengths) =>
    flat(tf.nn.staticBidirectionalRnn(new C.GRUCell(3), new C.GRUCell(2), [a, b, c], { ...float, sequenceLength: n })),
  static_saving: ({ a, b, c }: ABC) => flat(tf.nn.staticStateSavingRnn(new C.GRUCell(5), [a, b, c], saver, "s")),
  static_saving_tuple: ({ a, b, c }: ABC) =>
    flat(tf.nn.staticStateSavingRnn(new C.BasicLSTMCell(5), [a, b, c], saver, ["c", "h"])),
  raw({ x, n }: Lengths) {
    const rows = new tf.TensorArray(tf.float32, { size: 4 }).unstack(tf.transpose(x, { perm: [1, 0, 2] }));
    const cell = new C.BasicLSTMCell(3);
    const [array, state] = tf.nn.rawRnn(cell, (time, output, given) => {
      const elementsFinished = time.greaterEqual(n);
      const nextInput = tf.cond(
        tf.reduceAll(elementsFinished),
        () => tf.zeros([3, 2]),
        () => rows.read(time),
      ) as Tensor;
      const nextCellState = output === null ? cell.zeroState(3, tf.float32) : given!;
      return { elementsFinished, nextInput, nextCellState, emitOutput: output, nextLoopState: null };
    });
    return flat((array as tf.TensorArray).stack(), state);
  },
  raw_loop_state({ x }: X) {
    const cell = new C.GRUCell(2);
    const [array, state, count] = tf.nn.rawRnn(
      cell,
      (time, output, given, sum) => {
        const elementsFinished = tf.fill([3], time.greaterEqual(4));
        const out = output as Tensor | null;
        const emitOutput = out === null ? tf.zeros([2, 2]) : tf.stack([out, out.mul(2)], { axis: 1 });
        const nextLoopState = out === null ? tf.constant(0, tf.float32) : (sum as Tensor).add(tf.reduceSum(out));
        const nextInput = x.at(":", 0, ":");
        const nextCellState = out === null ? cell.zeroState(3, tf.float32) : given!;
        return { elementsFinished, nextInput, nextCellState, emitOutput, nextLoopState };
      },
      { parallelIterations: 1, scope: "mine" },
    );
    return flat((array as tf.TensorArray).stack(), state, count);
  },
};

export const rnn: Record<string, Program> = { ...kinds, ...loops };
