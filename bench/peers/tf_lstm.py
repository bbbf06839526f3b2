"""The work LSTM in TensorFlow: the same graph as in bench/works.ts. Run in the folder of the other peers, whose common.py it uses."""
import os
import sys

sys.path.insert(0, os.getcwd())
from common import args, measure, session

a = args(40)
import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.python.ops import rnn_cell_impl

tf.disable_v2_behavior()
tf.disable_control_flow_v2()
x, y = tf.placeholder(tf.float32, [32, 50, 128]), tf.placeholder(tf.float32, [32, 10])
_, state = tf.nn.dynamic_rnn(rnn_cell_impl.BasicLSTMCell(128), x, dtype=tf.float32)
w, b = tf.Variable(tf.truncated_normal([128, 10], stddev=0.1)), tf.Variable(tf.zeros([10]))
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=tf.matmul(state.h, w) + b))
train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
s = session(tf, a)
s.run(tf.global_variables_initializer())
X, Y = np.random.rand(32, 50, 128).astype('f'), np.eye(10, dtype='f')[np.random.randint(0, 10, 32)]
measure('LSTM', a, lambda: s.run([loss, train], {x: X, y: Y})[0])
