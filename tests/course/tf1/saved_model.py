"""SavedModelBuilder, simple_save and the loader, with signatures."""

import os, tempfile, numpy as np
import tensorflow as tf
export_dir = os.path.join(tempfile.mkdtemp(), 'model')
x = tf.placeholder(tf.float32, [None, 2], name='x'); W = tf.get_variable('W', [2, 1]); y = tf.identity(tf.matmul(x, W), name='y')
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    builder = tf.saved_model.builder.SavedModelBuilder(export_dir)
    tensor_info_x = tf.saved_model.utils.build_tensor_info(x)
    tensor_info_y = tf.saved_model.utils.build_tensor_info(y)
    prediction_signature = tf.saved_model.signature_def_utils.build_signature_def(inputs={'images': tensor_info_x}, outputs={'scores': tensor_info_y},
        method_name=tf.saved_model.signature_constants.PREDICT_METHOD_NAME)
    builder.add_meta_graph_and_variables(sess, [tf.saved_model.tag_constants.SERVING], signature_def_map={'predict_images': prediction_signature})
    builder.save()
    tf.saved_model.simple_save(sess, export_dir + '2', inputs={'x': x}, outputs={'y': y})
    want = sess.run(y, {x: [[1, 2]]})
with tf.Session(graph=tf.Graph()) as sess:
    meta = tf.saved_model.loader.load(sess, [tf.saved_model.tag_constants.SERVING], export_dir)
    sig = meta.signature_def['predict_images']
    xn, yn = sig.inputs['images'].name, sig.outputs['scores'].name
    xt = sess.graph.get_tensor_by_name(xn)
    np.testing.assert_allclose(sess.run(yn, feed_dict={xt: [[1, 2]]}), want)
tf.reset_default_graph()
with tf.Session() as sess:
    tf.saved_model.loader.load(sess, ['serve'], export_dir + '2')
    np.testing.assert_allclose(sess.run('y:0', {'x:0': [[1, 2]]}), want)
