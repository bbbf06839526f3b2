/** The messages that TensorFlow's modules offer as classes: `tf.Summary`, `tf.Event`, `tf.GPUOptions`, `tf.train.ClusterDef` … */
import { type Message, type MessageClass, messageClass } from "./message.ts";
import type { Fields } from "./message_fields.ts";
import type { pb } from "./messages.ts";

type NumbersOf<E> = { readonly [K in keyof E]: number };

export type Summary = Message<pb.Summary.$Properties>;
/** Values under tags: what a summary op gives, or made by hand and written with `writer.addSummary(summary, step)`. */
export const Summary: MessageClass<pb.Summary.$Properties> & {
  readonly Value: MessageClass<pb.Summary.Value.$Properties>;
  readonly Image: MessageClass<pb.Summary.Image.$Properties>;
  readonly Audio: MessageClass<pb.Summary.Audio.$Properties>;
} = messageClass("Summary");

export type SummaryMetadata = Message<pb.SummaryMetadata.$Properties>;
/** Which plugin shows the values of a tag. */
export const SummaryMetadata: MessageClass<pb.SummaryMetadata.$Properties> & {
  readonly PluginData: MessageClass<pb.SummaryMetadata.PluginData.$Properties>;
} = messageClass("SummaryMetadata");

export type SummaryDescription = Message<pb.SummaryDescription.$Properties>;
export const SummaryDescription: MessageClass<pb.SummaryDescription.$Properties> = messageClass("SummaryDescription");

export type HistogramProto = Message<pb.HistogramProto.$Properties>;
/** A distribution as the counts of buckets. */
export const HistogramProto: MessageClass<pb.HistogramProto.$Properties> = messageClass("HistogramProto");

export type Event = Message<pb.Event.$Properties>;
/** One record of an event file. */
export const Event: MessageClass<pb.Event.$Properties> = messageClass("Event");

export type SessionLog = Message<pb.SessionLog.$Properties>;
/** What happened to a session: START, STOP or CHECKPOINT. */
export const SessionLog: MessageClass<pb.SessionLog.$Properties> &
  NumbersOf<typeof pb.SessionLog.SessionStatus> & {
    readonly SessionStatus: NumbersOf<typeof pb.SessionLog.SessionStatus>;
  } = messageClass("SessionLog");

export type LogMessage = Message<pb.LogMessage.$Properties>;
export const LogMessage: MessageClass<pb.LogMessage.$Properties> & NumbersOf<typeof pb.LogMessage.Level> =
  messageClass("LogMessage");

export type TaggedRunMetadata = Message<pb.TaggedRunMetadata.$Properties>;
export const TaggedRunMetadata: MessageClass<pb.TaggedRunMetadata.$Properties> = messageClass("TaggedRunMetadata");

/** A time that no program gives in more than 53 bits. */
interface Timeout {
  operationTimeoutInMs: number;
}
export type ConfigProto = Omit<Message<pb.ConfigProto.$Properties>, keyof Timeout> & Timeout;
/** How a session runs: `new tf.Session({ config: new tf.ConfigProto({ allowSoftPlacement: true }) })`. */
export const ConfigProto: {
  new (fields?: Fields<pb.ConfigProto.$Properties>): ConfigProto;
  fromString(bytes: Uint8Array): ConfigProto;
  fromText(text: string): ConfigProto;
  readonly Experimental: MessageClass<pb.ConfigProto.Experimental.$Properties>;
} = messageClass<pb.ConfigProto.$Properties, never>("ConfigProto");

export type GPUOptions = Message<pb.GPUOptions.$Properties>;
/** Accepted for programs that ask for a GPU's memory; there is none. */
export const GPUOptions: MessageClass<pb.GPUOptions.$Properties> = messageClass("GPUOptions");

export type OptimizerOptions = Message<pb.OptimizerOptions.$Properties>;
export const OptimizerOptions: MessageClass<pb.OptimizerOptions.$Properties> &
  NumbersOf<typeof pb.OptimizerOptions.Level> &
  NumbersOf<typeof pb.OptimizerOptions.GlobalJitLevel> = messageClass("OptimizerOptions");

export type GraphOptions = Message<pb.GraphOptions.$Properties>;
export const GraphOptions: MessageClass<pb.GraphOptions.$Properties> = messageClass("GraphOptions");

export type MetaGraphDef = Message<pb.MetaGraphDef.$Properties>;
/** A graph with its collections and signatures. */
export const MetaGraphDef: MessageClass<pb.MetaGraphDef.$Properties> & {
  readonly MetaInfoDef: MessageClass<pb.MetaGraphDef.MetaInfoDef.$Properties>;
} = messageClass("MetaGraphDef");

export type TensorInfo = Message<pb.TensorInfo.$Properties>;
/** A tensor of a graph by its name, with dtype and shape. */
export const TensorInfo: MessageClass<pb.TensorInfo.$Properties> & {
  readonly CooSparse: MessageClass<pb.TensorInfo.CooSparse.$Properties>;
} = messageClass("TensorInfo");

export type SignatureDef = Message<pb.SignatureDef.$Properties>;
export const SignatureDef: MessageClass<pb.SignatureDef.$Properties> = messageClass("SignatureDef");

export type AttrValue = Message<pb.AttrValue.$Properties>;
/** The value of a node's attr. */
export const AttrValue: MessageClass<pb.AttrValue.$Properties> & {
  readonly ListValue: MessageClass<pb.AttrValue.ListValue.$Properties>;
} = messageClass("AttrValue");

export type NameAttrList = Message<pb.NameAttrList.$Properties>;
/** A function's name with its attrs. */
export const NameAttrList: MessageClass<pb.NameAttrList.$Properties> = messageClass("NameAttrList");

export type ClusterDef = Message<pb.ClusterDef.$Properties>;
export const ClusterDef: MessageClass<pb.ClusterDef.$Properties> = messageClass("ClusterDef");

export type JobDef = Message<pb.JobDef.$Properties>;
export const JobDef: MessageClass<pb.JobDef.$Properties> = messageClass("JobDef");

export type ServerDef = Message<pb.ServerDef.$Properties>;
/** A server of a cluster: which task it is, and how its sessions run. */
export const ServerDef: MessageClass<pb.ServerDef.$Properties> = messageClass("ServerDef");

export type SaverDef = Message<pb.SaverDef.$Properties>;
export const SaverDef: MessageClass<pb.SaverDef.$Properties> & NumbersOf<typeof pb.SaverDef.CheckpointFormatVersion> =
  messageClass("SaverDef");

export type BytesList = Message<pb.BytesList.$Properties>;
/** Bytes of a feature; texts become UTF-8. */
export const BytesList: MessageClass<pb.BytesList.$Properties> = messageClass("BytesList");

export type FloatList = Message<pb.FloatList.$Properties>;
export const FloatList: MessageClass<pb.FloatList.$Properties> = messageClass("FloatList");

export type Int64List = Message<pb.Int64List.$Properties>;
/** Whole numbers of 64 bits: numbers where safe, bigints beyond. */
export const Int64List: MessageClass<pb.Int64List.$Properties> = messageClass("Int64List");

export type Feature = Message<pb.Feature.$Properties>;
/** One list, or none. */
export const Feature: MessageClass<pb.Feature.$Properties> = messageClass("Feature");

export type Features = Message<pb.Features.$Properties>;
export const Features: MessageClass<pb.Features.$Properties> = messageClass("Features");

export type FeatureList = Message<pb.FeatureList.$Properties>;
export const FeatureList: MessageClass<pb.FeatureList.$Properties> = messageClass("FeatureList");

export type FeatureLists = Message<pb.FeatureLists.$Properties>;
export const FeatureLists: MessageClass<pb.FeatureLists.$Properties> = messageClass("FeatureLists");

export type Example = Message<pb.Example.$Properties>;
/** Named features: `new tf.train.Example({ features: new tf.train.Features({ feature: { label } }) })`, or filled in piece by piece. */
export const Example: MessageClass<pb.Example.$Properties> = messageClass("Example");

export type SequenceExample = Message<pb.SequenceExample.$Properties>;
/** Features of the whole, and lists of features by step. */
export const SequenceExample: MessageClass<pb.SequenceExample.$Properties> = messageClass("SequenceExample");
