/**
 * Writes src/api/: one file for each of TensorFlow's modules, which exports what we have of it under Python's names in camelCase.
 *
 *     test/fixtures/api/tf_names.json   the names that TensorFlow has, module by module
 *     src/ops, src/build, src/train …   what we have; a name belongs to the first folder below that exports it
 *
 * node scripts/api.mjs, then look at the diff. Names of one's own (data for models, sessions' types) are listed here.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const names = JSON.parse(readFileSync(join(root, "test/fixtures/api/tf_names.json"), "utf8"));

/** TensorFlow 1's tf.contrib, which 2.21 has no more. */
Object.assign(names, JSON.parse(readFileSync(join(root, "test/fixtures/api/contrib_names.json"), "utf8")));
for (const more of "Sequential metrics in_graph_mode eager_mode graph_mode".split(" "))
  if (!names["contrib.eager"].includes(more)) names["contrib.eager"].push(more);
names["contrib.eager.metrics"] = "Accuracy BinaryAccuracy CategoricalAccuracy Mean Metric SparseAccuracy".split(" ");
names.distributions =
  "Bernoulli Beta Categorical Dirichlet DirichletMultinomial Distribution Exponential FULLY_REPARAMETERIZED Gamma Laplace Multinomial NOT_REPARAMETERIZED Normal RegisterKL ReparameterizationType StudentT Uniform kl_divergence".split(
    " ",
  );

/** Modules whose names tf_names.json does not tell. */
names["contrib.tensorboard"] = [];
names["contrib.tensorboard.plugins"] = [];
names["contrib.tensorboard.plugins.projector"] =
  "EmbeddingInfo ProjectorConfig SpriteMetadata visualize_embeddings".split(" ");
names.nest = ["assert_same_structure", "flatten", "is_nested", "map_structure", "pack_sequence_as"];
names.spectral = "dct fft fft2d fft3d idct ifft ifft2d ifft3d irfft irfft2d irfft3d rfft rfft2d rfft3d".split(" ");
names.compat = ["as_bytes", "as_str", "as_str_any", "as_text", "dimension_at_index", "dimension_value", "path_to_str"];
names.flags = names["app.flags"];
names["saved_model.utils"] = ["build_tensor_info", "get_tensor_from_tensor_info"];
names["saved_model.signature_def_utils"] =
  "build_signature_def classification_signature_def is_valid_signature predict_signature_def regression_signature_def".split(
    " ",
  );
names["saved_model.main_op"] = ["main_op", "main_op_with_restore"];
names["train.queue_runner"] = ["QueueRunner", "add_queue_runner", "start_queue_runners"];
names[""] = [...names[""].filter((name) => name !== "flags")];

names["random.experimental"] =
  "Algorithm Generator create_rng_state get_global_generator index_shuffle set_global_generator stateless_fold_in stateless_shuffle stateless_split".split(
    " ",
  );
names["math.special"] =
  "bessel_i0 bessel_i0e bessel_i1 bessel_i1e bessel_j0 bessel_j1 bessel_k0 bessel_k0e bessel_k1 bessel_k1e bessel_y0 bessel_y1 dawsn expint fresnel_cos fresnel_sin spence".split(
    " ",
  );
names["nn.experimental"] = ["general_dropout", "stateless_dropout"];
names["linalg.experimental"] = ["conjugate_gradient"];
names["debugging.experimental"] = ["disable_dump_debug_info", "enable_dump_debug_info"];
names.ragged =
  "RaggedTensorValue boolean_mask constant constant_value map_flat_values placeholder range row_splits_to_segment_ids segment_ids_to_row_splits stack stack_dynamic_partitions".split(
    " ",
  );

/** Of tf.config, tf.distribute and their like: what one machine with one device has. */
names.config =
  "LogicalDevice LogicalDeviceConfiguration PhysicalDevice experimental_functions_run_eagerly experimental_run_functions_eagerly functions_run_eagerly get_logical_device_configuration get_soft_device_placement get_visible_devices list_logical_devices list_physical_devices run_functions_eagerly set_logical_device_configuration set_soft_device_placement set_visible_devices".split(
    " ",
  );
names["config.experimental"] =
  "VirtualDeviceConfiguration enable_tensor_float_32_execution get_device_details get_device_policy get_memory_growth get_memory_info get_memory_usage get_synchronous_execution get_virtual_device_configuration get_visible_devices list_logical_devices list_physical_devices set_device_policy set_memory_growth set_synchronous_execution set_virtual_device_configuration set_visible_devices tensor_float_32_execution_enabled".split(
    " ",
  );
names["config.optimizer"] = ["get_experimental_options", "get_jit", "set_experimental_options", "set_jit"];
names["config.threading"] = [
  "get_inter_op_parallelism_threads",
  "get_intra_op_parallelism_threads",
  "set_inter_op_parallelism_threads",
  "set_intra_op_parallelism_threads",
];
names.distribute =
  "InputContext InputReplicationMode MirroredStrategy OneDeviceStrategy ReduceOp ReplicaContext Strategy experimental_set_strategy get_loss_reduction get_replica_context get_strategy has_strategy in_cross_replica_context".split(
    " ",
  );
names.autograph = ["do_not_convert", "set_verbosity", "to_code", "to_graph", "trace"];
names["autograph.experimental"] = ["do_not_convert"];
names.user_ops = ["my_fact"];
names.resource_loader = [
  "get_data_files_path",
  "get_path_to_datafile",
  "get_root_dir_with_all_resources",
  "load_resource",
  "readahead_file_path",
];

names["io.gfile"] =
  "GFile copy exists get_registered_schemes glob isdir join listdir makedirs mkdir remove rename rmtree stat walk".split(
    " ",
  );
names["lookup.experimental"] = ["DenseHashTable", "MutableHashTable"];

/** Python's name as ours. */
const ours = (name) =>
  /^[A-Z]/.test(name) ? name : name.replace(/_+([a-z0-9])/g, (_, letter) => letter.toUpperCase());

/** Names whose export is called otherwise. */
const aliases = {
  Assert: "assertThat",
  tf_record_iterator: "tfRecordIterator",
  case: "caseOf",
  function: "asFunction",
  print: "printV2",
  det: "matrixDeterminant",
  double: "float64",
  half: "float16",
  reverse_v2: "reverse",
  tensor_scatter_add: "tensorScatterNdAdd",
  tensor_scatter_sub: "tensorScatterNdSub",
  tensor_scatter_update: "tensorScatterNdUpdate",
  piecewise_constant_decay: "piecewiseConstant",
  divide_no_nan: "divNoNan",
  inv: "matrixInverse",
};

/** Longer names that a module's exports may have: a function of tf.random is `randomNormal`, and `tf.random.normal` in the module. */
const longer = {
  initializers: (name) => [`${name}Initializer`],
  debugging: (name) => ({ assertAllFinite: ["verifyTensorAllFinite"] })[name] ?? [],
  random: (name) => [`random${name[0].toUpperCase()}${name.slice(1)}`],
  "random.experimental": (name) => ({ statelessFoldIn: ["randomFoldIn"], statelessSplit: ["randomSplit"] })[name] ?? [],
  ragged: (name) => [`ragged${name[0].toUpperCase()}${name.slice(1)}`],
  sets: (name) => [`set${name[0].toUpperCase()}${name.slice(1)}`],
  sparse: (name) => [
    ...(name === "matmul" ? ["sparseTensorDenseMatmul"] : []),
    `sparseTensor${name[0].toUpperCase()}${name.slice(1)}`,
    `sparse${name[0].toUpperCase()}${name.slice(1)}`,
    ...(name === "sparseDenseMatmul" ? ["sparseTensorDenseMatmul"] : []),
  ],
  image: (name) =>
    ({
      transpose: ["transposeImage"],
      resize: ["resizeImages"],
      resizeWithCropOrPad: ["resizeImageWithCropOrPad"],
      extractPatches: ["extractImagePatches"],
    })[name] ?? [],
  strings: (name) => [...(name === "split" ? ["stringSplitV2"] : []), `string${name[0].toUpperCase()}${name.slice(1)}`],
  linalg: (name) => [`matrix${name[0].toUpperCase()}${name.slice(1)}`],
};

/** Short names of Keras' losses. */
const kerasLoss = {
  mse: "meanSquaredError",
  mae: "meanAbsoluteError",
  mape: "meanAbsolutePercentageError",
  msle: "meanSquaredLogarithmicError",
  kld: "klDivergence",
  kullbackLeiblerDivergence: "klDivergence",
  cosine: "cosineSimilarity",
  cosineProximity: "cosineSimilarity",
  logcosh: "logCosh",
};
for (const module of ["keras.losses", "keras.metrics"]) {
  longer[module] = (name) => [
    kerasLoss[name] ?? (/^[A-Z]+$/.test(name) ? kerasLoss[name.toLowerCase()] : name) ?? name,
  ];
}
/** Python's words that JavaScript keeps for itself. */
longer["app.flags"] = (name) => (name === "Error" ? ["FlagError"] : []);
longer["keras.backend"] = (name) =>
  ({
    var: ["variance"],
    switch: ["switchOf"],
    function: ["functionOf"],
    eval: ["evaluated"],
    backend: ["backendName"],
  })[name] ?? [];
/** get, serialize and deserialize of each of Keras' modules are `getLoss`, `serializeLoss` … */
const kerasThings = {
  activations: "Activation",
  constraints: "Constraint",
  initializers: "Initializer",
  layers: "Layer",
  losses: "Loss",
  metrics: "Metric",
  optimizers: "Optimizer",
  "optimizers.schedules": "Schedule",
  regularizers: "Regularizer",
};
for (const [module, thing] of Object.entries(kerasThings)) {
  const before = longer[`keras.${module}`];
  const own = { get: { losses: "getLossFunction", metrics: "getMetricObject" }[module] ?? `get${thing}` };
  longer[`keras.${module}`] = (name) =>
    ["serialize", "deserialize"].includes(name)
      ? [`${name}${thing}`]
      : name === "get"
        ? [own.get]
        : name === "Initializer" || name === "Regularizer"
          ? [`${name}Class`]
          : (before?.(name) ?? []);
}
/** Modules of Keras that are as they were in TensorFlow 1, beside those that the list has. */
names["keras.optimizers.schedules"] =
  "LearningRateSchedule ExponentialDecay InverseTimeDecay PiecewiseConstantDecay PolynomialDecay CosineDecay CosineDecayRestarts serialize deserialize".split(
    " ",
  );
names["keras.optimizers.legacy"] = names["keras.optimizers"].filter((name) => /^[A-Z]/.test(name));
names["keras.experimental"] = ["CosineDecay", "CosineDecayRestarts", "LinearModel", "WideDeepModel"];
names["keras.layers.experimental"] = ["EinsumDense", "preprocessing"];
names["keras.layers.experimental.preprocessing"] =
  "CategoryEncoding CenterCrop Discretization Hashing Normalization Rescaling Resizing".split(" ");
names["keras.preprocessing"] = [];
names["keras.datasets"] = [];
for (const set of ["boston_housing", "cifar10", "cifar100", "fashion_mnist", "mnist"])
  names[`keras.datasets.${set}`] = ["load_data"];
names["keras.datasets.imdb"] = ["get_word_index", "load_data"];
names["keras.datasets.reuters"] = ["get_label_names", "get_word_index", "load_data"];
names["keras.preprocessing.image"] =
  "DirectoryIterator ImageDataGenerator Iterator NumpyArrayIterator apply_affine_transform apply_brightness_shift apply_channel_shift array_to_img img_to_array load_img random_brightness random_channel_shift random_rotation random_shear random_shift random_zoom save_img".split(
    " ",
  );
names["keras.preprocessing.sequence"] = "pad_sequences TimeseriesGenerator make_sampling_table skipgrams".split(" ");
names["keras.preprocessing.text"] = "Tokenizer hashing_trick one_hot text_to_word_sequence tokenizer_from_json".split(
  " ",
);

/** A module's exports come from these folders alone, first match wins; everything else from all of them. */
const folders = [
  "src/ops",
  "src/build",
  "src/train",
  "src/session",
  "src/graph",
  "src/core",
  "src/io",
  "src/eager",
  "src/proto/classes.ts",
];
/** tf.contrib's modules: what is their own, then what they hand on. */
const contrib = (module, ...others) => [`src/build/contrib/${module}`, `src/train/contrib/${module}`, ...others];
const framework = contrib(
  "framework",
  "src/build/global_step.ts",
  "src/train/files",
  "src/build/tensors",
  "src/build/checks",
  "src/build/variables",
  "src/build/initializers.ts",
  "src/ops",
  "src/graph",
);
const contribLayers = contrib("layers", "src/ops/custom_gradient.ts");
/** What tf.contrib.metrics hands on. */
const metricsBeside = ["src/build/metrics/classes.ts", "src/ops/compute/sparse/sets.ts"];
const contribPlaces = {
  "contrib.eager": contrib(
    "eager",
    "src/eager",
    "src/build/variables",
    "src/train/trackable",
    "src/ops/custom_gradient.ts",
    "src/build/tensors/specs.ts",
    "src/build/template.ts",
    "src/ops",
  ),
  "contrib.eager.metrics": ["src/build/contrib/eager/metrics.ts"],
  "contrib.framework": framework,
  "contrib.layers": contribLayers,
  "contrib.slim": [...contribLayers, ...framework],
  ...Object.fromEntries(
    ["evaluation", "learning", "model_analyzer", "queues", "summaries"].map((each) => [
      `contrib.slim.${each}`,
      [`src/train/contrib/slim/${each}.ts`, `src/build/contrib/slim/${each}.ts`, ...contrib("training")],
    ]),
  ),
  "contrib.losses": contrib("losses", "src/build/losses/collection.ts"),
  "contrib.slim.losses": contrib("losses", "src/build/losses/collection.ts"),
  "contrib.metrics": contrib("metrics", ...metricsBeside),
  "contrib.slim.metrics": contrib("metrics", ...metricsBeside),
  "contrib.rnn": contrib("rnn", "src/build/rnn"),
  "contrib.seq2seq": contrib("seq2seq", "src/ops"),
  "contrib.crf": contrib("crf"),
  "contrib.opt": contrib("opt"),
  "contrib.training": contrib("training", "src/train/monitored", "src/train/estimator/run", "src/build/global_step.ts"),
  "contrib.legacy_seq2seq": contrib("legacy_seq2seq"),
  "contrib.data": contrib("data", "src/build/data", "src/train/data"),
  "contrib.lookup": contrib("lookup", "src/build/lookup"),
  "contrib.distributions": contrib("distributions", "src/build/distributions"),
  "contrib.image": contrib("image", "src/build/image"),
  "contrib.tensorboard.plugins.projector": ["src/train/contrib/projector.ts"],
  "contrib.nn": contrib("nn", "src/ops"),
  "contrib.summary": contrib("summary"),
  "contrib.util": contrib("util", "src/build/tensors", "src/train/files/graph_util.ts", "src/graph/infer.ts"),
};
const special = {
  distributions: ["src/build/distributions"],
  layers: ["src/build/layers", "src/build/keras/layers/input_spec.ts"],
  losses: ["src/build/losses"],
  metrics: ["src/build/metrics"],
  initializers: ["src/build/initializers.ts", "src/build/variables/initialize.ts", "src/build/lookup/table.ts"],
  summary: [
    "src/build/summary.ts",
    "src/train/file_writer.ts",
    "src/train/monitored/hooks/file_writer_cache.ts",
    "src/proto/classes.ts",
  ],
  errors: ["src/core/error.ts", "src/core/text/error_codes.ts"],
  "app.flags": ["src/core/flags.ts", "src/core/flags"],
  app: ["src/train/app.ts"],
  logging: ["src/core/text/logging.ts"],
  graph_util: ["src/train/files/graph_util.ts", "src/graph/def"],
  test: ["src/train/testing"],
  gfile: ["src/train/files/gfile.ts"],
  data: ["src/build/data", "src/build/tensors/composite_specs.ts", "src/eager/data.ts"],
  "data.experimental": ["src/build/data", "src/train/data"],
  "nn.rnn_cell": ["src/build/rnn"],
  ...contribPlaces,
  keras: ["src/build/keras", "src/train/keras"],
  "keras.activations": ["src/build/keras/activations.ts"],
  "keras.backend": ["src/train/keras/backend.ts", "src/build/keras/state.ts", "src/build/keras/backend"],
  "keras.callbacks": ["src/train/keras/callbacks"],
  "keras.constraints": ["src/build/keras/constraints.ts"],
  "keras.initializers": ["src/build/keras/initializers.ts"],
  "keras.layers": ["src/build/keras/layers", "src/build/keras/network.ts"],
  "keras.losses": ["src/build/keras/losses"],
  "keras.metrics": ["src/build/keras/metrics", "src/build/keras/losses"],
  "keras.models": ["src/train/keras"],
  "keras.experimental": ["src/train/keras/premade.ts", "src/build/keras/optimizers/schedules.ts"],
  "keras.layers.experimental": ["src/build/keras/layers"],
  "keras.layers.experimental.preprocessing": ["src/build/keras/layers/preprocessing"],
  "keras.optimizers": ["src/build/keras/optimizers"],
  "keras.optimizers.legacy": ["src/build/keras/optimizers"],
  "keras.regularizers": ["src/build/keras/regularizers.ts"],
  "keras.preprocessing.image": ["src/train/keras/preprocessing/image"],
  "keras.preprocessing.sequence": ["src/train/keras/preprocessing"],
  "keras.preprocessing.text": ["src/train/keras/preprocessing"],
  "keras.optimizers.schedules": ["src/build/keras/optimizers/schedules.ts"],
  ...Object.fromEntries(
    ["boston_housing", "cifar10", "cifar100", "fashion_mnist", "imdb", "mnist", "reuters"].map((set) => [
      `keras.datasets.${set}`,
      [`src/train/keras/datasets/${set}.ts`],
    ]),
  ),
  "keras.utils": [
    "src/train/keras/files.ts",
    "src/train/keras/messages.ts",
    "src/train/keras/plot.ts",
    "src/train/keras/data",
    "src/train/keras/utils.ts",
    "src/train/keras/preprocessing",
    "src/build/keras/config",
  ],
  estimator: ["src/train/estimator", "src/train/monitored"],
  "estimator.experimental": ["src/train/estimator"],
  "estimator.inputs": ["src/train/estimator/inputs"],
  feature_column: ["src/build/feature_column"],
  lookup: ["src/build/lookup"],
  "lookup.experimental": ["src/build/lookup"],
  "io.gfile": ["src/train/files/io_gfile.ts", "src/train/files/gfile.ts"],
  nest: ["src/build/tensors/nest.ts"],
  config: ["src/train/machine"],
  "config.experimental": ["src/train/machine"],
  "config.optimizer": ["src/train/machine"],
  "config.threading": ["src/train/machine"],
  distribute: ["src/train/machine"],
  autograph: ["src/build/functions/called/autograph.ts"],
  "autograph.experimental": ["src/build/functions/called/autograph.ts"],
  user_ops: ["src/ops/compute/debug"],
  resource_loader: ["src/train/files/resource_loader.ts"],
  flags: ["src/core/flags.ts", "src/core/flags"],
  spectral: ["src/ops/compute/signal", "src/build/signal"],
  compat: ["src/core/text/compat.ts", "src/build/tensors/convert.ts"],
  ragged: ["src/build/ragged"],
  strings: ["src/build/ragged/act/strings.ts", ...folders],
  audio: ["src/ops/compute/signal"],
  image: ["src/ops/compute/image", "src/build/image"],
  signal: ["src/ops/compute/signal", "src/build/signal"],
  python_io: ["src/train/python_io.ts"],
  sparse: [
    "src/ops/compute/sparse",
    "src/ops/compute/math/segment/sparse.ts",
    "src/ops/compute/array/basic/identity.ts",
    "src/ops/host/queue/classes",
    "src/build/tensors/sparse.ts",
    "src/build/tensors/sparse_bincount.ts",
  ],
  random: ["src/ops/compute/random", "src/ops/host", "src/build/random", "src/build/scopes.ts"],
  "random.experimental": ["src/ops/compute/random", "src/build/random"],
  io: ["src/train/python_io.ts", "src/train/example.ts", "src/ops", "src/build", "src/train"],
  ...Object.fromEntries(
    [
      "saved_model",
      "saved_model.constants",
      "saved_model.loader",
      "saved_model.signature_constants",
      "saved_model.tag_constants",
      "saved_model.main_op",
      "saved_model.signature_def_utils",
      "saved_model.utils",
    ].map((path) => [path, ["src/train/saved_model"]]),
  ),
  "train.queue_runner": ["src/train/queue"],
  train: ["src/train", "src/build/optimizers", "src/build", "src/ops/host", "src/io", "src/proto/classes.ts"],
};

/** Our own additions to modules. */
const own = {
  "": {
    "../core/nd_array.ts": ["NdArray"],
    "../graph/graph.ts": ["Graph", "getDefaultGraph", "resetDefaultGraph"],
    "../graph/operation.ts": ["Operation"],
    "../graph/tensor.ts": ["Tensor"],
    "../ops/convert.ts": ["convertToTensor", "type TensorLike"],
    "../session/session.ts": [
      "InteractiveSession",
      "type RunArguments",
      "Session",
      "type SessionConfig",
      "type SessionOptions",
      "withSession",
    ],
    "../session/trace.ts": ["RunMetadata", "RunOptions"],
    "../build/scopes.ts": ["colocateWith", "controlDependencies", "device", "nameScope", "setRandomSeed"],
  },
  train: {
    "../train/model.ts": [
      "type BatchSource",
      "type BuildContext",
      "type BuiltModel",
      "defineModel",
      "type EvaluationData",
      "type Feed",
      "type ModelDefinition",
    ],
    "../train/batches.ts": ["arrayBatches", "arrayEvaluation", "type BatchOptions", "type Columns", "withFeed"],
    "../core/flags.ts": ["flag"],
    "../io/package_file.ts": ["packageFile"],
    "../build/moving_averages.ts": ["weightedMovingAverage"],
  },
  "app.flags": { "../core/flags.ts": ["FLAGS", "flag"] },
  flags: { "../core/flags.ts": ["FLAGS", "flag"] },
  lookup: {
    "../build/lookup/index_tables.ts": [
      "indexTableFromFile",
      "indexTableFromTensor",
      "indexToStringTableFromFile",
      "indexToStringTableFromTensor",
    ],
    "../build/lookup/initializers.ts": ["TextFileIdTableInitializer", "TextFileStringTableInitializer"],
    "../build/lookup/mutable_table.ts": ["DenseHashTable", "MutableDenseHashTable", "MutableHashTable"],
    "../build/lookup/static_table.ts": ["HashTable"],
    "../build/lookup/vocabulary.ts": ["FastHashSpec", "type HasherSpec", "IdTableWithHashBuckets", "StrongHashSpec"],
  },
  initializers: { "../build/initializers.ts": ["convolutionalDeltaOrthogonal", "xavierInitializer"] },
  errors: { "../core/error.ts": ["KeyError", "LookupError", "RuntimeError", "TypeError", "ValueError"] },
};

/** The files of a folder; those of tf.contrib for its own modules alone, since their names are other modules' too. */
function filesIn(path) {
  const full = join(root, path);
  try {
    return readdirSync(full, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith(".ts") && entry.name !== "index.ts")
      .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
      .filter((file) => path.includes("/contrib") || !file.includes("/contrib/"))
      .sort();
  } catch {
    return path.endsWith(".ts") && exists(full) ? [path] : [];
  }
}

const exists = (path) => {
  try {
    readFileSync(path);
    return true;
  } catch {
    return false;
  }
};

const exportCache = new Map();
function exportsOf(file) {
  if (!exportCache.has(file)) {
    const text = readFileSync(join(root, file), "utf8");
    const found = [...text.matchAll(/^export (?:abstract )?(?:async )?(?:function\*?|const|class) (\w+)/gm)].map(
      (match) => match[1],
    );
    exportCache.set(file, new Set(found));
  }
  return exportCache.get(file);
}

function find(name, places) {
  for (const place of places) for (const file of filesIn(place)) if (exportsOf(file).has(name)) return file;
  return undefined;
}

const fileName = (path) => (path === "" ? "tf" : path.replaceAll(".", "_"));
const namespace = (path) => ours(path.split(".").pop());

function moduleText(path) {
  const places = special[path] ?? folders;
  const byFile = new Map();
  const add = (file, item) => {
    if (!byFile.has(file)) byFile.set(file, new Set());
    byFile.get(file).add(item);
  };
  const taken = new Set();
  for (const [file, items] of Object.entries(own[path] ?? {})) {
    if (!exists(join(root, "src/api", file))) continue;
    for (const item of items) {
      add(file, item);
      taken.add(item.replace("type ", ""));
    }
  }
  for (const name of names[path]) {
    const mine = ours(name);
    if (taken.has(mine) || (path === "" ? name : `${path}.${name}`) in names) continue;
    const sources = [...(longer[path]?.(mine) ?? []), aliases[name] ?? mine];
    const source = sources.find((each) => find(each, places));
    if (!source) continue;
    add(`../${find(source, places).slice("src/".length)}`, source === mine ? mine : `${source} as ${mine}`);
    taken.add(mine);
  }
  const inner = Object.keys(names).filter(
    (other) =>
      other !== "" &&
      (path === ""
        ? !other.includes(".")
        : other.startsWith(`${path}.`) && !other.slice(path.length + 1).includes(".")),
  );
  const lines = [...byFile]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([file, items]) => `export { ${[...items].join(", ")} } from "${file}";`);
  for (const other of inner)
    if (texts.has(other)) lines.push(`export * as ${namespace(other)} from "./${fileName(other)}.ts";`);
  return lines;
}

const texts = new Map();
for (const path of Object.keys(names).sort((a, b) => b.length - a.length)) {
  const lines = moduleText(path);
  if (lines.length) texts.set(path, lines);
}
for (const name of readdirSync(join(root, "src/api"))) rmSync(join(root, "src/api", name));
/** The top level's operations have a file of their own: all in one would be longer than a file should be. */
const write = (name, about, lines) =>
  writeFileSync(
    join(root, "src/api", `${name}.ts`),
    `/** ${about}. Written by scripts/api.mjs. */\n${lines.join("\n")}\n`,
  );
/** Parts of the API that are another part's second name. */
const seconds = { flags: "app.flags" };

/** Modules that must run when a part of the API is first used: they fill what its layers below leave open. */
const effects = { keras: ['import "../train/keras/backend.ts";'] };

/** Lines that several parts have in common stand in a file of their own, when they are many. */
const fewest = 6;
const holders = new Map();
for (const [path, lines] of texts) {
  if (path in seconds) continue;
  for (const line of lines.filter((each) => each.startsWith("export {"))) {
    const [, items, file] = /^export \{ (.*) \} from "(.*)";$/.exec(line);
    for (const item of items.split(", ")) {
      const key = `${item}|${file}`;
      holders.set(key, [...(holders.get(key) ?? []), path]);
    }
  }
}
const common = new Map();
for (const [key, paths] of holders) {
  const name = paths.map(fileName).sort().join("_and_");
  if (paths.length > 1) common.set(name, { paths, keys: [...(common.get(name)?.keys ?? []), key] });
}
const linesOf = (keys) => {
  const byFile = new Map();
  for (const [item, file] of keys.map((key) => key.split("|"))) byFile.set(file, [...(byFile.get(file) ?? []), item]);
  return [...byFile].map(([file, items]) => `export { ${items.join(", ")} } from "${file}";`);
};
for (const [name, { paths, keys }] of common) {
  if (keys.length < fewest) continue;
  write(
    name,
    `Names of ${paths.map((path) => (path === "" ? "tf" : `tf.${path.split(".").map(ours).join(".")}`)).join(" and ")}`,
    linesOf(keys),
  );
  const shared = new Set(keys);
  for (const path of paths) {
    const own = texts.get(path).flatMap((line) => {
      if (!line.startsWith("export {")) return [line];
      const [, items, file] = /^export \{ (.*) \} from "(.*)";$/.exec(line);
      const left = items.split(", ").filter((item) => !shared.has(`${item}|${file}`));
      return left.length === 0 ? [] : [`export { ${left.join(", ")} } from "${file}";`];
    });
    texts.set(path, [...own, `export * from "./${name}.ts";`]);
  }
}

for (const [path, lines] of texts) {
  const about = path === "" ? "tf: TensorFlow's top level" : `tf.${path.split(".").map(ours).join(".")}`;
  if (path in seconds) {
    write(fileName(path), about, [`export * from "./${fileName(seconds[path])}.ts";`]);
    continue;
  }
  if (path !== "") {
    write(fileName(path), about, [...(effects[path] ?? []), ...lines]);
    continue;
  }
  const isOp = (line) => line.includes('from "../ops/');
  write("tf_ops", "Operations at TensorFlow's top level", lines.filter(isOp));
  write("tf", about, [...lines.filter((line) => !isOp(line)), 'export * from "./tf_ops.ts";']);
}
