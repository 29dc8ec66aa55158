"""Iris with the models of contrib.learn, with an input_fn and as scikit-learn calls them."""

import os, tempfile
import numpy as np
import tensorflow as tf
from sklearn.datasets import load_iris
from sklearn.metrics import accuracy_score
d = load_iris()
IRIS_TRAINING = os.path.join(tempfile.mkdtemp(), "iris_training.csv")
order = np.random.RandomState(0).permutation(150)
with open(IRIS_TRAINING, 'w') as f:
  f.write('120,4,setosa,versicolor,virginica\n')
  for i in order[:120]:
    f.write(','.join('%g' % v for v in d.data[i]) + ',%d\n' % d.target[i])
training_set = tf.contrib.learn.datasets.base.load_csv_with_header(filename=IRIS_TRAINING, target_dtype=np.int32, features_dtype=np.float32)
feature_columns = [tf.contrib.layers.real_valued_column("", dimension=4)]
classifier = tf.contrib.learn.DNNClassifier(feature_columns=feature_columns, hidden_units=[10], n_classes=3, model_dir=tempfile.mkdtemp())
def get_train_inputs():
  x = tf.constant(training_set.data)
  y = tf.constant(training_set.target)
  return x, y
classifier.fit(input_fn=get_train_inputs, steps=600)
x_test, y_test = d.data[order[120:]].astype(np.float32), d.target[order[120:]]
accuracy_score_ = classifier.evaluate(input_fn=lambda: (tf.constant(x_test), tf.constant(y_test)), steps=1)["accuracy"]
print("\nTest Accuracy: {0:f}\n".format(accuracy_score_))
def new_samples():
  return np.array([[6.4, 3.2, 4.5, 1.5], [5.8, 3.1, 5.0, 1.7]], dtype=np.float32)
predictions = list(classifier.predict(input_fn=lambda: tf.constant(new_samples())))
print("New Samples, Class Predictions:    {}\n".format(predictions))
assert accuracy_score_ > 0.85
# Geron chapter 10
feature_cols = tf.contrib.learn.infer_real_valued_columns_from_input(training_set.data)
config = tf.contrib.learn.RunConfig(tf_random_seed=42)
dnn_clf = tf.contrib.learn.DNNClassifier(hidden_units=[10], n_classes=3, feature_columns=feature_cols, config=config)
dnn_clf = tf.contrib.learn.SKCompat(dnn_clf)
dnn_clf.fit(training_set.data, training_set.target, batch_size=50, steps=600)
y_pred = dnn_clf.predict(x_test)
print(accuracy_score(y_test, y_pred['classes']), y_pred['probabilities'][0])
assert accuracy_score(y_test, y_pred['classes']) > 0.85
