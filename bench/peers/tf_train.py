"""Whole training runs in TensorFlow, as `tsflow train MODEL --max_step STEPS` does them: python tf_train.py MODEL STEPS FOLDER"""
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()
tf.logging.set_verbosity(tf.logging.ERROR)
model, steps, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3]
rng = np.random.default_rng(1)
if model == "scalar_regression":
    m = tf.get_variable("m", [], initializer=tf.constant_initializer(0.0))
    b = tf.get_variable("b", [], initializer=tf.constant_initializer(0.0))
    x, y = tf.placeholder(tf.float32, []), tf.placeholder(tf.float32, [])
    loss = tf.square(y - (m * x + b))
    optimizer = tf.train.GradientDescentOptimizer(1e-3)

    def feeds():
        v = float(rng.random())
        return {x: v, y: 0.3 * v + 0.7}

else:
    x, y = tf.placeholder(tf.float32, [None, 64]), tf.placeholder(tf.int64, [None])
    if model == "digits_mlp":
        hidden = tf.nn.relu(tf.matmul(x, tf.Variable(tf.truncated_normal([64, 128], stddev=0.1))) + tf.Variable(tf.zeros([128])))
        logits = tf.matmul(hidden, tf.Variable(tf.truncated_normal([128, 10], stddev=0.1))) + tf.Variable(tf.zeros([10]))
        optimizer = tf.train.MomentumOptimizer(0.05, 0.9)
    else:
        def convolved(value, channels, filters):
            kernel = tf.Variable(tf.truncated_normal([3, 3, channels, filters], stddev=0.1))
            value = tf.nn.relu(tf.nn.conv2d(value, kernel, [1, 1, 1, 1], "SAME") + tf.Variable(tf.zeros([filters])))
            return tf.nn.max_pool(value, [1, 2, 2, 1], [1, 2, 2, 1], "SAME")

        flat = tf.reshape(convolved(convolved(tf.reshape(x, [-1, 8, 8, 1]), 1, 16), 16, 32), [-1, 128])
        hidden = tf.nn.relu(tf.matmul(flat, tf.Variable(tf.truncated_normal([128, 128], stddev=0.1))) + tf.Variable(tf.zeros([128])))
        logits = tf.matmul(hidden, tf.Variable(tf.truncated_normal([128, 10], stddev=0.1))) + tf.Variable(tf.zeros([10]))
        optimizer = tf.train.AdamOptimizer(1e-3)
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits))
    images, labels = rng.random((1400, 64), "float32"), rng.integers(0, 10, 1400)

    def feeds():
        rows = rng.integers(0, 1400, 64)
        return {x: images[rows], y: labels[rows]}

step = tf.train.get_or_create_global_step()
train = optimizer.minimize(loss, global_step=step)
tf.summary.scalar("loss", loss)
with tf.train.MonitoredTrainingSession(checkpoint_dir=folder, save_summaries_steps=100, log_step_count_steps=100) as session:
    for _ in range(steps):
        session.run([loss, train], feeds())
