"""A linear model and a network together, on columns of a CSV file: vocabularies, hashes, crosses, embeddings."""

import os, shutil, sys, tempfile
import tensorflow as tf, numpy as np
_CSV_COLUMNS = ['age', 'workclass', 'education', 'education_num', 'occupation', 'hours_per_week', 'income_bracket']
_CSV_COLUMN_DEFAULTS = [[0], [''], [''], [0], [''], [0], ['']]
_NUM_EXAMPLES = {'train': 400, 'validation': 100}
tmp = tempfile.mkdtemp()
rng = np.random.RandomState(0)
def write(path, n):
  with open(path, 'w') as f:
    for _ in range(n):
      edu = rng.randint(1, 17)
      age = rng.randint(18, 80)
      occ = rng.choice(['Sales', 'Tech-support', 'Exec-managerial'])
      rich = edu + 3 * (occ == 'Exec-managerial') + age / 20. + rng.randn() > 13
      f.write('%d,%s,%s,%d,%s,%d,%s\n' % (age, rng.choice(['Private', 'State-gov', '?']), ['HS-grad', 'Bachelors', 'Masters'][edu // 6], edu, occ, rng.randint(20, 60), '>50K' if rich else '<=50K'))
train_file, test_file = os.path.join(tmp, 'adult.data'), os.path.join(tmp, 'adult.test')
write(train_file, 400)
write(test_file, 100)
def build_model_columns():
  age = tf.feature_column.numeric_column('age')
  education_num = tf.feature_column.numeric_column('education_num')
  hours_per_week = tf.feature_column.numeric_column('hours_per_week')
  education = tf.feature_column.categorical_column_with_vocabulary_list('education', ['Bachelors', 'HS-grad', 'Masters'])
  workclass = tf.feature_column.categorical_column_with_vocabulary_list('workclass', ['Self-emp-not-inc', 'Private', 'State-gov'])
  occupation = tf.feature_column.categorical_column_with_hash_bucket('occupation', hash_bucket_size=100)
  age_buckets = tf.feature_column.bucketized_column(age, boundaries=[18, 25, 30, 35, 40, 45, 50, 55, 60, 65])
  base_columns = [education, workclass, occupation, age_buckets]
  crossed_columns = [
      tf.feature_column.crossed_column(['education', 'occupation'], hash_bucket_size=100),
      tf.feature_column.crossed_column([age_buckets, 'education', 'occupation'], hash_bucket_size=100)]
  wide_columns = base_columns + crossed_columns
  deep_columns = [age, education_num, hours_per_week, tf.feature_column.indicator_column(workclass),
      tf.feature_column.indicator_column(education), tf.feature_column.embedding_column(occupation, dimension=8)]
  return wide_columns, deep_columns
def build_estimator(model_dir, model_type):
  wide_columns, deep_columns = build_model_columns()
  hidden_units = [20, 10]
  run_config = tf.estimator.RunConfig().replace(session_config=tf.ConfigProto(device_count={'GPU': 0}))
  if model_type == 'wide':
    return tf.estimator.LinearClassifier(model_dir=model_dir, feature_columns=wide_columns, config=run_config)
  elif model_type == 'deep':
    return tf.estimator.DNNClassifier(model_dir=model_dir, feature_columns=deep_columns, hidden_units=hidden_units, config=run_config)
  else:
    return tf.estimator.DNNLinearCombinedClassifier(model_dir=model_dir, linear_feature_columns=wide_columns,
        dnn_feature_columns=deep_columns, dnn_hidden_units=hidden_units, config=run_config)
def input_fn(data_file, num_epochs, shuffle, batch_size):
  assert tf.gfile.Exists(data_file), ('%s not found.' % data_file)
  def parse_csv(value):
    print('Parsing', data_file)
    columns = tf.decode_csv(value, record_defaults=_CSV_COLUMN_DEFAULTS)
    features = dict(zip(_CSV_COLUMNS, columns))
    labels = features.pop('income_bracket')
    return features, tf.equal(labels, '>50K')
  dataset = tf.data.TextLineDataset(data_file)
  if shuffle:
    dataset = dataset.shuffle(buffer_size=_NUM_EXAMPLES['train'])
  dataset = dataset.map(parse_csv, num_parallel_calls=5)
  dataset = dataset.repeat(num_epochs)
  dataset = dataset.batch(batch_size)
  return dataset
def main(unused_argv):
  for model_type in ['wide_deep']:
    model_dir = os.path.join(tmp, model_type)
    shutil.rmtree(model_dir, ignore_errors=True)
    model = build_estimator(model_dir, model_type)
    for n in range(1):
      model.train(input_fn=lambda: input_fn(train_file, 3, True, 40))
      results = model.evaluate(input_fn=lambda: input_fn(test_file, 1, False, 40))
      print('Results at epoch', (n + 1) * 3)
      for key in sorted(results):
        print('%s: %s' % (key, results[key]))
    assert results['accuracy'] > 0.6, (model_type, results)
    assert results['global_step'] == 30
tf.logging.set_verbosity(tf.logging.ERROR)
try:
  tf.app.run(main=main, argv=[sys.argv[0]])
except SystemExit:
  pass
