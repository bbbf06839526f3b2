/**
 * `defineOp`: one op's signature, shapes, behaviour and gradient in one place. TypeScript reads the signature: the record that each
 * function gets has the names of inputs, attrs and outputs with the types they have in that phase. `any` lives here alone.
 */
import type { DType } from "../core/dtype.ts";
import type { NdArray } from "../core/nd_array.ts";
import type { Dim, Shape } from "../core/shape.ts";
import type { Lowering, VariableRef } from "../engine/lowering.ts";
import type { Value } from "../engine/primitive.ts";
import type { FunctionRef } from "../graph/attr.ts";
import type {
  CallContext,
  ComputeContext,
  FileAccess,
  FlowRole,
  InferredShapes,
  Lowered,
  NodeFacts,
  OpDefinition,
  Passed,
  RunContext,
  ShapeContext,
} from "../graph/definition.ts";
import type { IndexedSlices } from "../graph/indexed_slices.ts";
import { registerOp } from "../graph/op/registry.ts";
import { parseArg, parseAttr } from "../graph/op/signature.ts";
import type { Operation } from "../graph/operation.ts";
import type { Tensor } from "../graph/tensor.ts";
import { applyOp } from "./apply.ts";
import type { TensorLike } from "./convert.ts";
import type { GradientTools } from "./gradient_tools.ts";

type Trim<S extends string> = S extends ` ${infer R}` ? Trim<R> : S extends `${infer R} ` ? Trim<R> : S;
type NameOf<S extends string> = S extends `${infer N}:${string}` ? Trim<N> : never;
type SpecOf<S extends string> = S extends `${string}:${infer R}` ? Trim<R> : never;
type ByName<L extends readonly string[], N extends string> = Extract<L[number], `${N}:${string}`>;

/** The plain type of an attr, from the text after its name. */
type AttrOf<Spec extends string> = Spec extends `list(${infer E})${string}`
  ? readonly AttrOf<Trim<E>>[]
  : Spec extends `bool${string}`
    ? boolean
    : Spec extends `int${string}`
      ? number
      : Spec extends `float${string}`
        ? number
        : Spec extends `string${string}` | `{'${string}`
          ? string
          : Spec extends `shape${string}`
            ? Shape
            : Spec extends `tensor${string}`
              ? NdArray
              : Spec extends `func${string}`
                ? FunctionRef
                : DType;

type AttrRecord<A extends readonly string[]> = { readonly [S in A[number] as NameOf<S>]: AttrOf<SpecOf<S>> };

/** Does an input's type text stand for several tensors: `N * T`, or an attr that is a list of types? */
type IsList<Type extends string, A extends readonly string[]> = Type extends `${string}*${string}`
  ? true
  : SpecOf<ByName<A, Type>> extends `list(${string}`
    ? [ByName<A, Type>] extends [never]
      ? false
      : true
    : false;

type ArgRecord<I extends readonly string[], A extends readonly string[], One> = {
  readonly [S in I[number] as NameOf<S>]: IsList<SpecOf<S>, A> extends true ? readonly One[] : One;
};

/** In `lower`, references are variables, everything else values. */
type LowerRecord<I extends readonly string[], A extends readonly string[]> = {
  readonly [S in I[number] as NameOf<S>]: IsList<SpecOf<S>, A> extends true
    ? readonly (SpecOf<S> extends `Ref(${string}` | "resource" ? VariableRef : Value)[]
    : SpecOf<S> extends `Ref(${string}` | "resource"
      ? VariableRef
      : Value;
};

/** What a gradient gives for each input that has one; a missing or null entry has none. */
type Gradients<I extends readonly string[], A extends readonly string[]> = {
  readonly [S in I[number] as NameOf<S>]?: IsList<SpecOf<S>, A> extends true
    ? readonly (Tensor | IndexedSlices | null)[]
    : Tensor | IndexedSlices | null;
};

type GradientRecord<I extends readonly string[], O extends readonly string[], A extends readonly string[]> = ArgRecord<
  I,
  A,
  Tensor
> &
  ArgRecord<O, A, Tensor> &
  AttrRecord<A> & { readonly op: Operation };

type Behaviour<I extends readonly string[], A extends readonly string[]> = {
  lower?: (p: Lowering, op: LowerRecord<I, A> & AttrRecord<A>, node: NodeFacts) => Lowered;
  compute?: (
    op: ArgRecord<I, A, NdArray> & AttrRecord<A>,
    context: ComputeContext,
  ) => NdArray | readonly NdArray[] | void;
  run?: (
    op: ArgRecord<I, A, NdArray> & AttrRecord<A>,
    context: RunContext,
  ) => NdArray | readonly NdArray[] | void | Promise<NdArray | readonly NdArray[] | void>;
  call?: (
    op: ArgRecord<I, A, Passed> & AttrRecord<A>,
    context: CallContext,
  ) => readonly Passed[] | Promise<readonly Passed[]>;
};

export interface OpSpec<I extends readonly string[], O extends readonly string[], A extends readonly string[]>
  extends Behaviour<I, A> {
  inputs?: I;
  outputs?: O;
  attrs?: A;
  stateful?: boolean;
  keepsTensor?: boolean;
  placeholder?: boolean;
  isOverridable?: boolean;
  updates?: readonly NoInfer<NameOf<I[number]>>[];
  variable?: "ref" | "resource";
  flow?: FlowRole;
  passes?: boolean;
  opaque?: readonly NoInfer<NameOf<I[number]>>[];
  loops?: boolean;
  called?: NoInfer<NameOf<A[number]>>;
  access?: FileAccess;
  /** A constant's value. */
  value?: (op: AttrRecord<A>) => NdArray;
  /** Shapes of the outputs in order, from the shapes of the inputs (null: unknown rank). Throws INVALID_ARGUMENT. */
  shape: (op: ArgRecord<I, A, Shape> & AttrRecord<A>, context: ShapeContext) => InferredShapes;
  partialValue?: (op: ArgRecord<I, A, Shape> & AttrRecord<A>, context: ShapeContext) => readonly Dim[] | null;
  /** False for attrs (dtypes) that have no primitive form: `compute` is used for those. */
  lowers?: (op: AttrRecord<A>, node: Operation) => boolean;
  absorbs?: OpDefinition["absorbs"];
  /** One gradient in for each output (null where nothing flows), one out for each input. "none": not differentiable; "unregistered": an error to ask. */
  gradient:
    | ((tf: GradientTools, op: GradientRecord<I, O, A>, ...dys: Tensor[]) => Gradients<I, A>)
    | "none"
    | "unregistered";
}

type HasDefault<S extends string> = S extends `${string} = ${string}` ? true : false;
/** Type and number attrs that an input carries are inferred. */
type IsInferred<N extends string, I extends readonly string[]> =
  SpecOf<I[number]> extends infer T
    ? T extends N | `Ref(${N})` | `${N} * ${string}` | `${string} * ${N}` | `${N}*${string}` | `Ref(${N} * ${string})`
      ? true
      : never
    : never;

type OptionalAttr<S extends string, I extends readonly string[]> =
  HasDefault<S> extends true ? true : [IsInferred<NameOf<S>, I>] extends [never] ? false : true;

type CallAttrs<I extends readonly string[], A extends readonly string[]> = {
  readonly [S in A[number] as OptionalAttr<S, I> extends true ? NameOf<S> : never]?: AttrOf<SpecOf<S>>;
} & { readonly [S in A[number] as OptionalAttr<S, I> extends true ? never : NameOf<S>]: AttrOf<SpecOf<S>> };

export type CallRecord<I extends readonly string[], A extends readonly string[]> = ArgRecord<I, A, TensorLike> &
  CallAttrs<I, A>;

/** No output: the Operation; one: its Tensor (or Tensors); several: a record by name, which gives them in order too. */
type CallResult<O extends readonly string[], A extends readonly string[]> = O extends readonly []
  ? Operation
  : O extends readonly [infer S extends string]
    ? IsList<SpecOf<S>, A> extends true
      ? Tensor[]
      : Tensor
    : ArgRecord<O, A, Tensor> & Iterable<Tensor>;

export interface OpBuilder<I extends readonly string[], O extends readonly string[], A extends readonly string[]> {
  (inputs: CallRecord<I, A>, name?: string | null): CallResult<O, A>;
  readonly definition: OpDefinition;
}

/** Registers an op and returns what makes its nodes. */
export function defineOp<
  const I extends readonly string[] = readonly [],
  const O extends readonly string[] = readonly [],
  const A extends readonly string[] = readonly [],
>(type: string, spec: OpSpec<I, O, A>): OpBuilder<I, O, A> {
  const definition: OpDefinition = {
    ...(spec as unknown as OpDefinition),
    type,
    stateful: spec.stateful ?? false,
    placeholder: spec.placeholder ?? false,
    isOverridable: spec.isOverridable ?? false,
    updates: spec.updates ?? [],
  };
  readOnFirstUse(definition, spec);
  registerOp(definition);
  const build = (inputs: CallRecord<I, A>, name?: string | null): CallResult<O, A> =>
    applyOp(definition, inputs as Record<string, unknown>, name) as CallResult<O, A>;
  return Object.assign(build, { definition });
}

/** Signatures are read when somebody asks: a program uses few of the ops that there are. */
function readOnFirstUse(
  definition: OpDefinition,
  {
    inputs = [],
    outputs = [],
    attrs = [],
  }: { inputs?: readonly string[]; outputs?: readonly string[]; attrs?: readonly string[] },
): void {
  const lazily = <K extends "inputs" | "outputs" | "attrs">(key: K, read: () => OpDefinition[K]): void => {
    Object.defineProperty(definition, key, {
      configurable: true,
      enumerable: true,
      get: () => {
        const value = read();
        Object.defineProperty(definition, key, { value, enumerable: true });
        return value;
      },
    });
  };
  lazily("attrs", () => attrs.map(parseAttr));
  lazily("inputs", () => inputs.map((text) => parseArg(text, definition.attrs)));
  lazily("outputs", () => outputs.map((text) => parseArg(text, definition.attrs)));
}
