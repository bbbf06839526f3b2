/** Programs of test/fixtures/build/make.py: from placeholders by name to what is fetched. */
import type { Tensor } from "../../../src/graph/tensor.ts";

// biome-ignore lint/suspicious/noExplicitAny: a program names the placeholders it takes
export type Programs = Readonly<Record<string, (places: any) => Tensor | readonly Tensor[]>>;

export type Places = Readonly<Record<string, Tensor>>;
