"""Modules and models saved with tf.saved_model and loaded again, with signatures."""

import os, tempfile
import numpy as np
import tensorflow as tf
root = tempfile.mkdtemp()
class Dense(tf.Module):
  def __init__(self, in_features, out_features, name=None):
    super().__init__(name=name)
    self.w = tf.Variable(tf.random.normal([in_features, out_features]), name='w')
    self.b = tf.Variable(tf.zeros([out_features]), name='b')
  def __call__(self, x):
    return tf.nn.relu(tf.matmul(x, self.w) + self.b)
class MySequentialModule(tf.Module):
  def __init__(self, name=None):
    super().__init__(name=name)
    self.dense_1 = Dense(in_features=3, out_features=3)
    self.dense_2 = Dense(in_features=3, out_features=2)
  @tf.function
  def __call__(self, x):
    x = self.dense_1(x)
    return self.dense_2(x)
  @tf.function(input_signature=[tf.TensorSpec([], tf.float32)])
  def mutate(self, new_v):
    self.dense_1.b.assign(tf.ones(3) * new_v)
my_model = MySequentialModule(name="the_model")
x = tf.constant([[2.0, 2.0, 2.0]])
y = my_model(x)
tf.saved_model.save(my_model, os.path.join(root, "the_saved_model"))
new_model = tf.saved_model.load(os.path.join(root, "the_saved_model"))
np.testing.assert_allclose(new_model(x), y)
new_model.mutate(tf.constant(5.0))
assert np.allclose(new_model.dense_1.b, 5) and np.allclose(my_model.dense_1.b, 0)
for _ in range(3):
  with tf.GradientTape() as t:
    loss = tf.reduce_sum((10 - new_model(x)) ** 2)
  vs = [new_model.dense_2.w, new_model.dense_2.b]
  for v, g in zip(vs, t.gradient(loss, vs)):
    v.assign_sub(0.001 * g)
np.testing.assert_allclose(my_model(x), y)
class CustomModule(tf.Module):
  def __init__(self):
    super(CustomModule, self).__init__()
    self.v = tf.Variable(1.)
  @tf.function
  def __call__(self, x):
    print('Tracing with', x)
    return x * self.v
  @tf.function(input_signature=[tf.TensorSpec([], tf.float32)])
  def mutate(self, new_v):
    self.v.assign(new_v)
module = CustomModule()
module_with_signature_path = os.path.join(root, 'module_with_signature')
call = module.__call__.get_concrete_function(tf.TensorSpec(None, tf.float32))
tf.saved_model.save(module, module_with_signature_path, signatures=call)
imported = tf.saved_model.load(module_with_signature_path)
assert imported(tf.constant(3.)).numpy() == 3
imported.mutate(tf.constant(2.))
assert imported(tf.constant(3.)).numpy() == 6
print(list(imported.signatures.keys()))
class CustomModuleWithOutputName(tf.Module):
  def __init__(self):
    super().__init__()
    self.v = tf.Variable(1.)
  @tf.function(input_signature=[tf.TensorSpec(None, tf.float32)])
  def __call__(self, x):
    return {'custom_output_name': x * self.v}
m = CustomModuleWithOutputName()
tf.saved_model.save(m, os.path.join(root, 'mo'), signatures={'serving_default': m.__call__})
i3 = tf.saved_model.load(os.path.join(root, 'mo'))
print(i3.signatures['serving_default'](tf.constant(4.)))
model = tf.keras.Sequential([tf.keras.layers.Dense(4, activation='relu', input_shape=(3,)), tf.keras.layers.Dense(2)])
model.compile('sgd', 'mse')
model.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0)
p = os.path.join(root, 'km/1/')
tf.saved_model.save(model, p)
loaded = tf.saved_model.load(p)
infer = loaded.signatures["serving_default"]
out = infer(tf.constant(np.ones((1, 3), np.float32)))
print({k: v.shape for k, v in out.items()}, sorted(os.listdir(p)))
np.testing.assert_allclose(list(out.values())[0], model.predict(np.ones((1, 3)), verbose=0), rtol=1e-5)
assert tf.saved_model.contains_saved_model(p)
os.makedirs(root + '/real')
with open(root + '/real/saved_model.pb', 'wb') as file:
  file.write(b'x')
try:
  tf.saved_model.load(root + '/real')
  raise SystemExit('not refused')
except Exception as e:
  print(type(e).__name__, str(e)[:90])
