"""The work of bench/queue.ts in TensorFlow: python tf_queue.py --path FILE [--steps N] [--threads N]; one JSON line."""
import argparse
import json
import os
import time

os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()
tf.logging.set_verbosity(tf.logging.ERROR)
parser = argparse.ArgumentParser()
parser.add_argument('--path', required=True)
parser.add_argument('--steps', type=int, default=300)
parser.add_argument('--threads', type=int, default=0)
a = parser.parse_args()

files = tf.train.string_input_producer([a.path], shuffle=False)
_, value = tf.TFRecordReader().read(files)
parsed = tf.parse_single_example(value, {'image_raw': tf.FixedLenFeature([], tf.string), 'label': tf.FixedLenFeature([], tf.int64)})
image = tf.cast(tf.reshape(tf.decode_raw(parsed['image_raw'], tf.uint8), [784]), tf.float32) * (1 / 255)
x, labels = tf.train.shuffle_batch([image, parsed['label']], batch_size=100, capacity=2000, min_after_dequeue=1000)
weights = lambda shape, stddev: tf.Variable(tf.truncated_normal(shape, stddev=stddev))
zeros = lambda n: tf.Variable(tf.zeros([n]))
hidden = tf.nn.relu(tf.matmul(x, weights([784, 128], .05)) + zeros(128))
logits = tf.matmul(hidden, weights([128, 10], .1)) + zeros(10)
loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits))
train = tf.train.GradientDescentOptimizer(.1).minimize(loss)
config = tf.ConfigProto(intra_op_parallelism_threads=a.threads, inter_op_parallelism_threads=a.threads)
with tf.Session(config=config) as sess:
    sess.run(tf.global_variables_initializer())
    coord = tf.train.Coordinator()
    threads = tf.train.start_queue_runners(coord=coord)
    step = lambda: sess.run([loss, train])[0]
    for _ in range(20):
        step()
    t = time.perf_counter()
    for _ in range(a.steps):
        value = step()
    mean = (time.perf_counter() - t) / a.steps * 1e6
    coord.request_stop()
    coord.join(threads)
print(json.dumps({'work': 'queue', 'us_mean': round(mean, 2), 'loss': float(value)}))
