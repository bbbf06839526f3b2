/** Messages: what they hold, how they print, what they refuse. */
import * as tf from "../../../src/index.ts";
import type { Statements } from "../statement.ts";

/** The value after these changes to it. */
function done<T>(value: T, ...changes: readonly ((value: T) => unknown)[]): T {
  for (const change of changes) change(value);
  return value;
}

const wrong = (value: unknown): never => value as never;
const { Summary } = tf;
const Value = Summary.Value;

const floats = [
  0.1,
  2,
  1e30,
  1e-5,
  1e16,
  123456.79,
  16777216,
  123456789,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  Number.NaN,
  -0,
  1e10,
  1e-4,
  1 / 3,
  1e5,
  1e6,
  1e-45,
  2.5e-7,
];

export const messages: Statements = {
  m_summary: () => new Summary({ value: [new Value({ tag: "x", simpleValue: 0.1 })] }),
  m_summary_add: () =>
    done(
      new Summary(),
      (s) => s.value.add({ tag: "a", simpleValue: 1 }),
      (s) => s.value.add({ tag: "b", simpleValue: 0.1 }),
    ),
  m_summary_unknown: () => new Summary(wrong({ foo: 1 })),
  m_summary_tag: () => new Value({ tag: wrong(3) }),
  m_summary_text: () => new Value({ simpleValue: "x" }),
  m_summary_append: () => new Summary().value.append(wrong(3)),
  m_summary_one: () => done(new Value({ simpleValue: 1 }), (v) => v.image.copyFrom(new Summary.Image({ height: 2 }))),
  m_summary_field: () => new Value().hasField("tag"),
  m_summary_field_none: () => new Value().hasField("foo"),
  m_summary_which: () => [
    String(new Value({ simpleValue: 0 }).whichOneof("value")),
    String(new Value().whichOneof("value") ?? "None"),
  ],
  m_summary_bytes: () => [
    Buffer.from(new Summary({ value: [new Value({ tag: "x", simpleValue: 2 })] }).serializeToString()).toString("hex"),
  ],
  m_summary_histo: () =>
    new Summary({
      value: [
        {
          tag: "h",
          histo: new tf.HistogramProto({ min: 1, max: 2.5, num: 3, bucket: [1, 2], bucketLimit: [0.5, 1e308] }),
        },
      ],
    }),
  m_summary_metadata: () =>
    new tf.SummaryMetadata({
      displayName: "d",
      pluginData: new tf.SummaryMetadata.PluginData({ pluginName: "p", content: Uint8Array.of(0, 255) }),
    }),
  m_summary_read: () => Summary.fromString(new Summary({ value: [{ tag: "x", simpleValue: 2 }] }).serializeToString()),
  m_event: () => new tf.Event({ wallTime: 1.5, step: 2n ** 53n + 1n, summary: { value: [{ tag: "t" }] } }),
  m_event_other: () =>
    done(new tf.Event({ summary: { value: [{ tag: "t" }] } }), (e) => {
      e.fileVersion = "brain.Event:2";
    }),
  m_event_empty: () => [
    String(new tf.Event().summary.value.length),
    String(new tf.Event().whichOneof("what") ?? "None"),
    new tf.Event().fileVersion,
  ],
  m_event_float: () => new tf.Event({ step: 1.5 }),
  m_event_text: () => new tf.Event({ step: "x" }),
  m_event_inside: () => done(new tf.Event(), (e) => e.summary.value.add({ tag: "inside" })),
  m_session_log: () => new tf.SessionLog({ status: tf.SessionLog.CHECKPOINT, checkpointPath: "p" }),
  m_session_log_label: () => new tf.SessionLog({ status: wrong("STOP") }),
  m_session_log_wrong: () => new tf.SessionLog({ status: wrong("BAD") }),
  m_session_log_number: () => new tf.SessionLog({ status: wrong(9) }),
  m_config: () =>
    done(
      new tf.ConfigProto(),
      (c) => {
        c.gpuOptions.allowGrowth = true;
      },
      (c) => {
        c.deviceCount.GPU = 0;
      },
    ),
  m_config_given: () =>
    new tf.ConfigProto({
      gpuOptions: new tf.GPUOptions({ perProcessGpuMemoryFraction: 0.333 }),
      deviceCount: { CPU: 1 },
      allowSoftPlacement: true,
    }),
  m_config_range: () => new tf.ConfigProto({ intraOpParallelismThreads: 2 ** 40 }),
  m_config_level: () =>
    new tf.ConfigProto({
      graphOptions: new tf.GraphOptions({
        optimizerOptions: new tf.OptimizerOptions({
          optLevel: tf.OptimizerOptions.L0,
          globalJitLevel: tf.OptimizerOptions.ON_1,
        }),
      }),
    }),
  m_attr: () =>
    new tf.AttrValue({
      func: new tf.NameAttrList({
        name: "f",
        attr: { b: new tf.AttrValue({ i: -1 }), a: new tf.AttrValue({ s: "x" }) },
      }),
    }),
  m_attr_list: () => new tf.AttrValue({ list: new tf.AttrValue.ListValue({ f: [0.1, 2], i: [1, 2], b: [true] }) }),
  m_cluster: () =>
    new tf.train.ClusterDef({ job: [new tf.train.JobDef({ name: "worker", tasks: { 0: "a:1", 1: "b:2" } })] }),
  m_saver_def: () => new tf.train.SaverDef({ filenameTensorName: "f", version: tf.train.SaverDef.V2, maxToKeep: 5 }),
  m_merge: () =>
    done(new tf.ConfigProto({ deviceCount: { CPU: 1 } }), (c) =>
      c.mergeFrom(new tf.ConfigProto({ deviceCount: { GPU: 2 }, allowSoftPlacement: true }) as never),
    ),
  m_floats: () => new tf.AttrValue({ list: { f: floats } }),
  m_doubles: () => new tf.HistogramProto({ bucket: floats }),
  m_number_keys: () => new tf.train.JobDef({ tasks: { 2: "a", 10: "", 0: "q", [-1]: "z", 5: "x" } }),
  m_text_keys: () => new tf.ConfigProto({ deviceCount: { b: 1, a: 0, c: 2, "": 4, aa: 3 } }),
  m_clear: () =>
    done(new tf.GPUOptions({ allowGrowth: true, visibleDeviceList: "0" }), (g) => g.clearField("allowGrowth")),
  m_list: () =>
    new tf.ConfigProto({ allowSoftPlacement: true, deviceCount: { CPU: 1 } }).listFields().map(([name]) => name),
  m_equal: () =>
    [new Summary().equals(new Summary()), new Summary().equals(new Summary({ value: [{}] }))].map((is) =>
      is ? "True" : "False",
    ),
  m_meta_graph: () => new tf.MetaGraphDef({ metaInfoDef: new tf.MetaGraphDef.MetaInfoDef({ tags: ["serve"] }) }),
  m_tensor_info: () => new tf.TensorInfo({ name: "x:0", dtype: 1 }),
};
