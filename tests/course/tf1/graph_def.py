"""A graph as a message: frozen, written, imported under another name, and with a tensor in the place of its input."""

import os, tempfile
import numpy as np
import tensorflow as tf
tmp = tempfile.mkdtemp()
x = tf.placeholder(tf.float32, [None, 2], name='x')
w = tf.Variable([[1.], [2.]], name='w')
y = tf.add(tf.matmul(x, w), 1.0, name='y')
loss = tf.reduce_sum(tf.square(y)); train = tf.train.GradientDescentOptimizer(0.01).minimize(loss)
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    print(tf.get_default_graph().as_graph_def().node[0].name)
    graph_def = tf.graph_util.convert_variables_to_constants(sess, sess.graph_def, ['y'])
    print(len(graph_def.node), "ops in the final graph.", [n.name for n in graph_def.node], [n.op for n in graph_def.node])
    assert not any('gradients' in n.name for n in graph_def.node)
    with tf.gfile.GFile(os.path.join(tmp, 'frozen.pb'), 'wb') as f:
        f.write(graph_def.SerializeToString())
    tf.train.write_graph(sess.graph_def, tmp, 'graph.pbtxt')
    tf.train.write_graph(graph_def, tmp, 'g.pb', as_text=False)
    sess.run(train, {x: [[1, 1]]})
assert 'name: "y"' in open(os.path.join(tmp, 'graph.pbtxt')).read()
def load_graph(frozen_graph_filename):
    with tf.gfile.GFile(frozen_graph_filename, "rb") as f:
        graph_def = tf.GraphDef()
        graph_def.ParseFromString(f.read())
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(graph_def, name="prefix")
    return graph
graph = load_graph(os.path.join(tmp, 'frozen.pb'))
for op in graph.get_operations():
    print(op.name)
xx = graph.get_tensor_by_name('prefix/x:0'); yy = graph.get_tensor_by_name('prefix/y:0')
with tf.Session(graph=graph) as sess:
    y_out = sess.run(yy, feed_dict={xx: [[3, 4]]})
    assert y_out.tolist() == [[12.]], y_out
with tf.Graph().as_default():
    v = tf.Variable([[1., 1.]])
    out, = tf.import_graph_def(graph_def, input_map={'x:0': v * 2}, return_elements=['y:0'])
    g = tf.gradients(out, v)[0]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        a, b = sess.run([out, g]); print(a, b)
        assert a.tolist() == [[7.]] and b.tolist() == [[2., 4.]]
