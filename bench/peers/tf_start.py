"""From the start of the process to the first loss of W1 in TensorFlow."""
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()
m = tf.get_variable("m", [], initializer=tf.constant_initializer(0.0))
b = tf.get_variable("b", [], initializer=tf.constant_initializer(0.0))
x, y = tf.placeholder(tf.float32, []), tf.placeholder(tf.float32, [])
loss = tf.square(y - (m * x + b))
train = tf.train.GradientDescentOptimizer(1e-3).minimize(loss)
session = tf.Session()
session.run(tf.global_variables_initializer())
print(session.run([loss, train], {x: 1.0, y: 2.0})[0])
