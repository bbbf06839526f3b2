/** What a graph offers to whoever serves it: tensors by name, and signatures of them. Source: saved_model/utils_impl.py, signature_def_utils_impl.py. */
import { prependNameScope } from "../../build/meta_graph/scope_names.ts";
import { Variable } from "../../build/variables/variable.ts";
import { type DType, float32, string } from "../../core/dtype.ts";
import { RuntimeError, ValueError } from "../../core/error.ts";
import type { NdArray } from "../../core/nd_array.ts";
import { type Graph, getDefaultGraph } from "../../graph/graph.ts";
import { SparseTensor } from "../../graph/sparse_tensor.ts";
import { Tensor } from "../../graph/tensor.ts";
import { constOp } from "../../ops/constant.ts";
import { byName, type Rest } from "../../ops/options.ts";
import { SignatureDef, TensorInfo } from "../../proto/classes.ts";
import { decode, mapEntries, pb } from "../../proto/messages.ts";
import { toShapeProto } from "../../proto/shape_proto.ts";
import { toTensorProto } from "../../proto/tensor_proto.ts";
import {
  CLASSIFY_INPUTS,
  CLASSIFY_METHOD_NAME,
  CLASSIFY_OUTPUT_CLASSES,
  CLASSIFY_OUTPUT_SCORES,
  PREDICT_METHOD_NAME,
  REGRESS_INPUTS,
  REGRESS_METHOD_NAME,
  REGRESS_OUTPUTS,
} from "./constants.ts";

type Described = Tensor | SparseTensor | Variable;

/** Name, dtype and shape of a tensor. Throws RuntimeError in eager execution. */
export function buildTensorInfo(tensor: Described): TensorInfo {
  if (getDefaultGraph().isEager) throw new RuntimeError("`build_tensor_info` is not supported in eager execution.");
  if (tensor instanceof SparseTensor) {
    const { values, indices, denseShape } = tensor;
    return new TensorInfo({
      dtype: values.dtype.number,
      tensorShape: toShapeProto(tensor.shape),
      cooSparse: {
        valuesTensorName: values.name,
        indicesTensorName: indices.name,
        denseShapeTensorName: denseShape.name,
      },
    } as pb.TensorInfo.$Properties);
  }
  const dtype = tensor instanceof Variable && !tensor.isResource ? tensor.handle.dtype : tensor.dtype;
  return new TensorInfo({ name: tensor.name, dtype: dtype.number, tensorShape: toShapeProto(tensor.shape) } as object);
}

type Info = TensorInfo | pb.TensorInfo.$Properties;
type Infos = Readonly<Record<string, Info>>;
type Tensors = Readonly<Record<string, Described>>;

/** Is it a message of a class, not an object of its fields? */
const isHeld = <M extends { serializeToString(): Uint8Array }>(given: object): given is M =>
  typeof (given as Partial<M>).serializeToString === "function";

interface Place {
  /** The default graph where none is given. */
  readonly graph?: Graph | null | undefined;
  /** A scope in which the names lie. */
  readonly importScope?: string | null | undefined;
}

/** The tensor that an info names. Throws KeyError when the graph lacks it, ValueError for an info without a name. */
export function getTensorFromTensorInfo(
  tensorInfo: Info,
  ...rest: Rest<Place, ["graph", "importScope"]>
): Tensor | SparseTensor {
  const { graph, importScope }: Place = byName<Place>(rest, ["graph", "importScope"]);
  const info = isHeld<TensorInfo>(tensorInfo) ? tensorInfo : new TensorInfo(tensorInfo);
  const found = (text: string): Tensor =>
    (graph ?? getDefaultGraph()).getTensorByName(prependNameScope(text, importScope ?? undefined));
  if (info.whichOneof("encoding") === "name") return found(info.name);
  if (info.whichOneof("encoding") === null) {
    throw new ValueError(
      "Invalid TensorInfo.encoding: None. Expected `coo_sparse`, `composite_tensor`, or `name` for a dense tensor.",
    );
  }
  const { indicesTensorName, valuesTensorName, denseShapeTensorName } = info.cooSparse;
  return new SparseTensor({
    indices: found(indicesTensorName),
    values: found(valuesTensorName),
    denseShape: found(denseShapeTensorName),
  });
}

interface Signature {
  readonly inputs?: Infos | null | undefined;
  readonly outputs?: Infos | null | undefined;
  readonly methodName?: string | null | undefined;
  /** Constants that inputs have where nothing is given. */
  readonly defaults?: Readonly<Record<string, Tensor>> | null | undefined;
}

const parts: readonly string[] = ["inputs", "outputs", "methodName", "defaults"];
const isSignature = (given: object | null | undefined): given is Signature =>
  Object.keys(given ?? {}).every((key) => parts.includes(key));

/** A signature of these infos by their keys: `buildSignatureDef(inputs, outputs, methodName)`, or all by name. Throws ValueError for a default that is no constant. */
export function buildSignatureDef(
  inputs?: Infos | Signature | null,
  outputs?: Infos | null,
  methodName?: string | null,
  defaults?: Signature["defaults"],
): SignatureDef {
  if (outputs === undefined && isSignature(inputs)) return signatureOf(inputs ?? {});
  return signatureOf({ inputs: inputs as Infos, outputs, methodName, defaults });
}

function signatureOf({ inputs, outputs, methodName, defaults }: Signature): SignatureDef {
  const values = Object.entries(defaults ?? {}).map(([key, tensor]) => [key, constantValueOf(tensor)]);
  return new SignatureDef({ inputs, outputs, methodName, defaults: Object.fromEntries(values) } as object);
}

function constantValueOf(tensor: Tensor): pb.TensorProto.$Properties {
  if (!(tensor instanceof Tensor) || tensor.op.definition !== constOp.definition)
    throw new ValueError(`Unable to convert object ${tensor} of type ${typeof tensor} to TensorProto.`);
  return toTensorProto(tensor.op.getAttr<NdArray>("value"));
}

/** The info of a tensor that must be of one dtype; `words` say what is wrong otherwise. */
function infoOf(tensor: Described, dtype: DType, words: string): TensorInfo {
  const info = buildTensorInfo(tensor);
  if (info.dtype !== dtype.number) throw new ValueError(words.replace("%d", String(info.dtype)));
  return info;
}

/** `<class 'str'>` for a text, the class's name for an object. */
const classOf = (value: unknown): string =>
  typeof value === "string" ? "<class 'str'>" : `<class '${(value as object)?.constructor?.name ?? typeof value}'>`;

/** From serialized tf.Examples, strings, to float32 predictions. Throws ValueError for other tensors. */
export function regressionSignatureDef(examples: Tensor, predictions: Tensor): SignatureDef {
  if ((examples ?? null) === null) throw new ValueError("Regression `examples` cannot be None.");
  if (!(examples instanceof Tensor)) {
    throw new ValueError(
      `Expected regression \`examples\` to be of type Tensor. Found \`examples\` of type ${classOf(examples)}.`,
    );
  }
  if ((predictions ?? null) === null) throw new ValueError("Regression `predictions` cannot be None.");
  const input = "Regression input tensors must be of type string. Found tensors with type %d.";
  const output = "Regression output tensors must be of type float. Found tensors with type %d.";
  return signatureOf({
    inputs: { [REGRESS_INPUTS]: infoOf(examples, string, input) },
    outputs: { [REGRESS_OUTPUTS]: infoOf(predictions, float32, output) },
    methodName: REGRESS_METHOD_NAME,
  });
}

/** From serialized tf.Examples, strings, to the names of classes, strings, and their float32 scores; one of them may be null. Throws ValueError for other tensors. */
export function classificationSignatureDef(
  examples: Tensor,
  classes: Tensor | null,
  scores: Tensor | null,
): SignatureDef {
  if ((examples ?? null) === null) throw new ValueError("Classification `examples` cannot be None.");
  if (!(examples instanceof Tensor)) {
    throw new ValueError(
      `Classification \`examples\` must be a string Tensor. Found \`examples\` of type ${classOf(examples)}.`,
    );
  }
  if (!classes && !scores) throw new ValueError("Classification `classes` and `scores` cannot both be None.");
  const input = "Classification input tensors must be of type string. Found tensors of type %d";
  const names = "Classification classes must be of type string Tensor. Found tensors of type %d.`";
  const inputs = { [CLASSIFY_INPUTS]: infoOf(examples, string, input) };
  const outputs: Record<string, TensorInfo> = {};
  if (classes) outputs[CLASSIFY_OUTPUT_CLASSES] = infoOf(classes, string, names);
  if (scores)
    outputs[CLASSIFY_OUTPUT_SCORES] = infoOf(scores, float32, "Classification scores must be a float Tensor.");
  return signatureOf({ inputs, outputs, methodName: CLASSIFY_METHOD_NAME });
}

const infosOf = (tensors: Tensors): Infos =>
  Object.fromEntries(Object.entries(tensors).map(([key, tensor]) => [key, buildTensorInfo(tensor)]));

/** From any tensors by keys to any. Throws ValueError without inputs or outputs. */
export function predictSignatureDef(inputs: Tensors, outputs: Tensors): SignatureDef {
  for (const [name, tensors] of Object.entries({ inputs, outputs })) {
    if (!tensors || Object.keys(tensors).length === 0)
      throw new ValueError(`Prediction \`${name}\` cannot be None or empty.`);
  }
  return signatureOf({ inputs: infosOf(inputs), outputs: infosOf(outputs), methodName: PREDICT_METHOD_NAME });
}

type Typed = ReadonlyMap<string, { readonly dtype?: pb.DataType | number | null }>;

/** What a method's infos must be: these keys and no others, each of its dtype; `needsAll` demands every one. */
function fits(infos: Typed, wanted: Readonly<Record<string, DType>>, needsAll: boolean): boolean {
  if (infos.size === 0 || (needsAll && infos.size !== Object.keys(wanted).length)) return false;
  return [...infos].every(([key, info]) => wanted[key] !== undefined && info.dtype === wanted[key].number);
}

/** Can TensorFlow Serving serve it? */
export function isValidSignature(signatureDef: SignatureDef | pb.SignatureDef.$Properties | null): boolean {
  if (!signatureDef) return false;
  const held = isHeld<SignatureDef>(signatureDef) ? signatureDef : new SignatureDef(signatureDef);
  const { methodName, ...plain } = decode(pb.SignatureDef, held.serializeToString());
  const [inputs, outputs]: [Typed, Typed] = [new Map(mapEntries(plain.inputs)), new Map(mapEntries(plain.outputs))];
  switch (methodName) {
    case PREDICT_METHOD_NAME:
      return inputs.size > 0 && outputs.size > 0;
    case REGRESS_METHOD_NAME:
      return fits(inputs, { [REGRESS_INPUTS]: string }, true) && fits(outputs, { [REGRESS_OUTPUTS]: float32 }, true);
    case CLASSIFY_METHOD_NAME:
      return (
        fits(inputs, { [CLASSIFY_INPUTS]: string }, true) &&
        fits(outputs, { [CLASSIFY_OUTPUT_CLASSES]: string, [CLASSIFY_OUTPUT_SCORES]: float32 }, false)
      );
    default:
      return false;
  }
}
