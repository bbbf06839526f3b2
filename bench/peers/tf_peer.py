"""The works of the benchmarks in TensorFlow: python tf_peer.py THREADS (0: TensorFlow's own choice)

Reads requests, one JSON object a line, {"work": "W2", "seconds": 0.5, "path": "..."}, and answers each with the best window and the median
one, in microseconds a step: {"best_us": 310.2, "median_us": 325.0}. Graphs and sessions are kept between requests.
"""
import json
import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.python.eager import context
from tensorflow.python.ops import rnn_cell_impl

threads = int(sys.argv[1])
tf.disable_v2_behavior()
tf.logging.set_verbosity(tf.logging.ERROR)
CONFIG = tf.ConfigProto(intra_op_parallelism_threads=threads, inter_op_parallelism_threads=threads)
rng = np.random.default_rng(0)


def uniform(*shape):
    return rng.random(shape, "float32")


def one_hot(rows, classes):
    return np.eye(classes, dtype="float32")[rng.integers(0, classes, rows)]


def weights(*shape, stddev=0.1):
    return tf.Variable(tf.truncated_normal(shape, stddev=stddev))


def filled(n, value=0.0):
    return tf.Variable(tf.constant(value, tf.float32, [n]))


def cross_entropy(labels, logits):
    return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=labels, logits=logits))


def started(fetches, feeds=None):
    session = tf.Session(config=CONFIG)
    session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
    return session, lambda: session.run(fetches, feeds() if callable(feeds) else feeds)


def w1(_):
    m = tf.get_variable("m", [], initializer=tf.constant_initializer(0.0))
    b = tf.get_variable("b", [], initializer=tf.constant_initializer(0.0))
    x, y = tf.placeholder(tf.float32, []), tf.placeholder(tf.float32, [])
    loss = tf.square(y - (m * x + b))
    train = tf.train.GradientDescentOptimizer(1e-3).minimize(loss)

    def feeds():
        v = float(rng.random())
        return {x: v, y: 0.3 * v + 0.7}

    return started([loss, train], feeds)[1]


def mlp(x, labels):
    hidden = tf.nn.relu(tf.matmul(x, weights(784, 128, stddev=0.05)) + filled(128))
    return hidden, tf.matmul(hidden, weights(128, 10)) + filled(10)


def w2(_):
    x, y = tf.placeholder(tf.float32, [None, 784]), tf.placeholder(tf.float32, [None, 10])
    loss = cross_entropy(y, mlp(x, y)[1])
    train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    return started([loss, train], {x: uniform(100, 784), y: one_hot(100, 10)})[1]


def w3(_):
    x, y = tf.placeholder(tf.float32, [None, 28, 28, 1]), tf.placeholder(tf.float32, [None, 10])

    def convolved(value, filters, bias):
        value = tf.nn.relu(tf.nn.conv2d(value, filters, [1, 1, 1, 1], "SAME") + bias)
        return tf.nn.max_pool(value, [1, 2, 2, 1], [1, 2, 2, 1], "SAME")

    first = convolved(x, weights(5, 5, 1, 32), filled(32, 0.1))
    second = convolved(first, weights(5, 5, 32, 64, stddev=0.05), filled(64, 0.1))
    flat = tf.reshape(second, [-1, 3136])
    features = tf.nn.relu(tf.matmul(flat, weights(3136, 1024, stddev=0.02)) + filled(1024, 0.1))
    loss = cross_entropy(y, tf.matmul(features, weights(1024, 10)) + filled(10, 0.1))
    train = tf.train.AdamOptimizer(1e-4).minimize(loss)
    return started([loss, train], {x: uniform(64, 28, 28, 1), y: one_hot(64, 10)})[1]


def w4(_):
    ids, dense = tf.placeholder(tf.int32, [None, 26]), tf.placeholder(tf.float32, [None, 13])
    y = tf.placeholder(tf.float32, [None, 1])
    tables = [tf.Variable(tf.random_uniform([10000, 8], -0.05, 0.05)) for _ in range(26)]
    embedded = [tf.nn.embedding_lookup(table, ids[:, i]) for i, table in enumerate(tables)]

    def layer(value, n, m):
        return tf.matmul(value, weights(n, m)) + filled(m)

    hidden = tf.nn.relu(layer(tf.nn.relu(layer(tf.concat(embedded + [dense], 1), 221, 128)), 128, 64))
    loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=layer(hidden, 64, 1)))
    train = tf.train.AdagradOptimizer(0.05).minimize(loss)
    clicks = (rng.random((512, 1)) < 0.3).astype("float32")
    feeds = {ids: rng.integers(0, 10000, (512, 26)).astype("int32"), dense: uniform(512, 13), y: clicks}
    return started([loss, train], feeds)[1]


def lstm(_):
    x, y = tf.placeholder(tf.float32, [32, 50, 128]), tf.placeholder(tf.float32, [32, 10])
    _, state = tf.nn.dynamic_rnn(rnn_cell_impl.BasicLSTMCell(128), x, dtype=tf.float32)
    loss = cross_entropy(y, tf.matmul(state.h, weights(128, 10)) + filled(10))
    train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    return started([loss, train], {x: uniform(32, 50, 128), y: one_hot(32, 10)})[1]


def matmul(n):
    """Products one after another inside of one run, so that the session's own time counts little."""
    count = max(1, min(200, int(4e8 / (2 * n**3))))

    def make(_):
        x, y = tf.Variable(uniform(n, n)), tf.Variable(uniform(n, n) / n)
        z = x
        for _ in range(count):
            z = tf.matmul(z, y)
        step = started(z.op)[1]
        step.times = count
        return step

    return make


def trained_on(x, labels):
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=mlp(x, labels)[1]))
    return loss, tf.train.GradientDescentOptimizer(0.1).minimize(loss)


digit = {"image_raw": tf.FixedLenFeature([], tf.string), "label": tf.FixedLenFeature([], tf.int64)}


def pixels(raw):
    return tf.cast(tf.reshape(tf.decode_raw(raw, tf.uint8), [784]), tf.float32) / 255


def queue(path):
    files = tf.train.string_input_producer([path], shuffle=False)
    example = tf.parse_single_example(tf.TFRecordReader().read(files)[1], digit)
    x, labels = tf.train.shuffle_batch([pixels(example["image_raw"]), example["label"]], 100, 2000, 1000)
    session, step = started(list(trained_on(x, labels)))
    tf.train.start_queue_runners(session)
    return step


def data(path):
    def parsed(record):
        example = tf.parse_single_example(record, digit)
        return pixels(example["image_raw"]), example["label"]

    records = tf.data.TFRecordDataset(path).repeat().map(parsed).shuffle(1000).batch(100).prefetch(1)
    x, labels = tf.data.make_one_shot_iterator(records).get_next()
    return started(list(trained_on(tf.reshape(x, [100, 784]), labels)))[1]


def records(spec):
    def make(path):
        parsed = tf.data.TFRecordDataset(path).repeat().batch(128).map(lambda batch: tf.parse_example(batch, spec))
        return started(tf.data.make_one_shot_iterator(parsed).get_next())[1]

    return make


def eager(_):
    with context.eager_mode():
        x, y = tf.constant(uniform(100, 1)), tf.constant(uniform(100, 1))
        w, b = tf.Variable(0.0, use_resource=True), tf.Variable(0.0, use_resource=True)

    def step():
        with context.eager_mode():
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.square(w * x + b - y))
            for variable, gradient in zip([w, b], tape.gradient(loss, [w, b])):
                variable.assign_sub(0.1 * gradient)

    return step


floats = {"image": tf.FixedLenFeature([784], tf.float32), "label": tf.FixedLenFeature([], tf.int64)}
works = {"W1": w1, "W2": w2, "W3": w3, "W4": w4, "LSTM": lstm, "queue": queue, "data": data, "eager": eager}
works.update({"records floats": records(floats), "records bytes": records(digit)})
works.update({f"W5 {n}": matmul(n) for n in [64, 128, 256, 512, 1024]})
# Steps that take what others have made ready show what they cost only in longer windows.
window_seconds = {"queue": 0.1, "data": 0.1, "records floats": 0.02, "records bytes": 0.02}


def timed(step, seconds, window):
    for _ in range(5):
        step()
    begin = time.perf_counter()
    step()
    count = max(1, int(window / max(time.perf_counter() - begin, 1e-7)))
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 3:
        begin = time.perf_counter()
        for _ in range(count):
            step()
        times.append((time.perf_counter() - begin) / count * 1e6 / getattr(step, "times", 1))
    times.sort()
    return {"best_us": times[0], "median_us": times[len(times) // 2]}


made = {}
print(json.dumps({"peer": "TensorFlow " + tf.VERSION, "threads": threads}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    work = request["work"]
    if work not in made:
        with tf.Graph().as_default():
            tf.disable_control_flow_v2()
            made[work] = works[work](request.get("path"))
    print(json.dumps(timed(made[work], request["seconds"], window_seconds.get(work, 0.004))), flush=True)
