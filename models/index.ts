/** The registry of built-in models. One line a model; a file is loaded when its model is asked for. */
import type { train } from "tsflow";

type Load = () => Promise<{ readonly default: train.ModelDefinition }>;

/** name, one line about it, its file. */
export const builtIn: Readonly<Record<string, { readonly about: string; readonly load: Load }>> = {
  linear_regression: {
    about: "a line through made-up points: finds 0.7 and 0.8",
    load: () => import("./linear_regression.ts") as never,
  },
  scalar_regression: {
    about: "m*x + b fed with one pair of numbers a step",
    load: () => import("./scalar_regression.ts") as never,
  },
  digits_softmax: {
    about: "softmax regression on 8x8 digits, about 95 % right",
    load: () => import("./digits_softmax.ts") as never,
  },
  digits_mlp: {
    about: "one hidden layer on 8x8 digits, about 98 % right",
    load: () => import("./digits_mlp.ts") as never,
  },
  digits_cnn: {
    about: "two convolutions, dropout, Adam on 8x8 digits, about 98 % right",
    load: () => import("./digits_cnn.ts") as never,
  },
  char_rnn: {
    about: "LSTM that writes text, queue input",
    load: () => import("./char_rnn.ts") as never,
  },
  ctr: {
    about: "clicks from 13 numbers and 26 categories: embeddings and an MLP, sparse Adagrad",
    load: () => import("./ctr.ts") as never,
  },
};
