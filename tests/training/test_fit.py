"""fit, evaluate and predict: every kind of data, every option, and what is promised about programs, bits and
memory.
"""

import gc
import subprocess
import sys

import jax
import numpy as np
import pytest

import neurona as nn
from neurona.training import Placement
from neurona.training.batches import ArrayBatches
from neurona.training.conversion import Batch
from neurona.training.programs import program_for
from neurona.training.step import gradient_step
from neurona.training.trainer import ready_learner

rng = np.random.default_rng(1)
X = rng.normal(size=(70, 6)).astype("float32")
Y = (X[:, 0] + X[:, 1] > 0).astype("int32")


def classifier(*extra, seed=3, **options):
    nn.utils.set_random_seed(seed)
    model = nn.Sequential(
        [
            nn.Input((6,)),
            nn.layers.Dense(8, activation="relu"),
            *extra,
            nn.layers.Dense(2, activation="softmax"),
        ]
    )
    model.compile(
        nn.optimizers.Adam(0.02), "sparse_categorical_crossentropy", metrics=["accuracy"], **options
    )
    return model


def fitted(**options):
    model = classifier()
    history = model.fit(verbose=0, shuffle=False, **options)
    return model.get_weights(), history.history


class Rows(nn.utils.PyDataset):
    def __init__(self, size, **kwargs):
        super().__init__(**kwargs)
        self.size = size

    def __len__(self):
        return -(-len(X) // self.size)

    def __getitem__(self, index):
        rows = slice(index * self.size, (index + 1) * self.size)
        return X[rows], Y[rows]


class TestKindsOfData:
    """Each gives the weights that plain arrays give."""

    expected = None

    @pytest.fixture(autouse=True)
    def _reference(self):
        if TestKindsOfData.expected is None:
            TestKindsOfData.expected = fitted(x=X, y=Y, batch_size=16, epochs=2)

    def check(self, result):
        for ours, expected in zip(result[0], self.expected[0], strict=True):
            np.testing.assert_allclose(ours, expected, atol=1e-5)
        for name, values in self.expected[1].items():
            np.testing.assert_allclose(result[1][name], values, atol=1e-5)

    def test_lists(self):
        self.check(fitted(x=X.tolist(), y=Y.tolist(), batch_size=16, epochs=2))

    def test_jax_arrays(self):
        self.check(fitted(x=jax.numpy.asarray(X), y=jax.numpy.asarray(Y), batch_size=16, epochs=2))

    def test_float64_and_int64(self):
        self.check(fitted(x=X.astype("float64"), y=Y.astype("int64"), batch_size=16, epochs=2))

    def test_pandas(self):
        import pandas as pd

        frame = pd.DataFrame(X, columns=list("abcdef"))
        self.check(fitted(x=frame, y=pd.Series(Y), batch_size=16, epochs=2))

    def test_py_dataset(self):
        self.check(fitted(x=Rows(16), epochs=2))

    def test_py_dataset_with_workers(self):
        self.check(fitted(x=Rows(16, workers=4, max_queue_size=3), epochs=2))

    def test_list_of_batches(self):
        batches = Rows(16)
        self.check(fitted(x=iter([batches[i % 5] for i in range(10)]), steps_per_epoch=5, epochs=2))

    def test_endless_generator(self):
        def generator():
            while True:
                for index in range(5):
                    yield Rows(16)[index]

        self.check(fitted(x=generator(), steps_per_epoch=5, epochs=2))

    def test_torch_data_loader(self):
        torch = pytest.importorskip(
            "torch", reason="PyTorch is a gigabyte where its CPU wheel is not at hand"
        )
        data = torch.utils.data.TensorDataset(torch.tensor(X), torch.tensor(Y))
        self.check(fitted(x=torch.utils.data.DataLoader(data, batch_size=16), epochs=2))

    def test_torch_tensors(self):
        torch = pytest.importorskip(
            "torch", reason="PyTorch is a gigabyte where its CPU wheel is not at hand"
        )
        self.check(fitted(x=torch.tensor(X), y=torch.tensor(Y), batch_size=16, epochs=2))

    def test_run_eagerly(self):
        calls = []

        class Spy(nn.layers.Layer):
            def call(self, x):
                calls.append(x.shape)
                return x

        model = classifier(Spy(), run_eagerly=True)
        model.predict(X, verbose=0)
        calls.clear()
        history = model.fit(X, Y, batch_size=16, epochs=2, shuffle=False, verbose=0)
        assert calls.count((16, 8)) >= 2 * 4  # the layer's own code runs at every step
        self.check((model.get_weights(), history.history))


def test_steps_per_epoch_goes_on_where_the_last_epoch_ended():
    whole, _ = fitted(x=X[:64], y=Y[:64], batch_size=16, epochs=2)
    parts, _ = fitted(x=X[:64], y=Y[:64], batch_size=16, epochs=4, steps_per_epoch=2)
    for ours, expected in zip(parts, whole, strict=True):
        np.testing.assert_array_equal(ours, expected)


def test_validation_split_takes_the_last_rows():
    model = classifier()
    history = model.fit(X, Y, validation_split=0.2, epochs=2, verbose=0)
    loss, accuracy = model.evaluate(X[56:], Y[56:], verbose=0)
    assert history.history["val_loss"][-1] == pytest.approx(loss, rel=1e-5)
    assert history.history["val_accuracy"][-1] == pytest.approx(accuracy)


def test_validation_frequency_and_initial_epoch():
    model = classifier()
    history = model.fit(X, Y, validation_data=(X, Y), validation_freq=2, initial_epoch=1, epochs=4, verbose=0)
    assert history.epoch == [1, 2, 3]
    assert len(history.history["val_loss"]) == 2


def test_balanced_class_weights_equal_the_weights_they_stand_for():
    rare = np.where(np.arange(70) % 7 == 0, 1, 0)
    weights = {0: 70 / (2 * 60), 1: 70 / (2 * 10)}
    balanced, explicit = classifier(), classifier()
    balanced.fit(X, rare, class_weight="balanced", shuffle=False, verbose=0)
    explicit.fit(X, rare, sample_weight=np.vectorize(weights.get)(rare), shuffle=False, verbose=0)
    for a, b in zip(balanced.get_weights(), explicit.get_weights()):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_shuffling_repeats_with_the_seed_and_differs_between_epochs():
    seen = []

    class Spy(nn.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append(logs["loss"])

    for _ in range(2):
        classifier(nn.layers.Dropout(0.5)).fit(X, Y, epochs=2, batch_size=8, callbacks=[Spy()], verbose=0)
    assert seen[:2] == seen[2:]


def test_one_row_and_a_batch_larger_than_the_data():
    model = classifier()
    model.fit(X[:1], Y[:1], verbose=0)
    model.fit(X, Y, batch_size=1000, verbose=0)
    assert model.predict(X[:1], verbose=0).shape == (1, 2)


def test_one_dimensional_data_gets_its_missing_axis():
    model = nn.Sequential([nn.layers.Dense(1, input_shape=[1])])
    model.compile("sgd", "mse")
    model.fit(np.arange(6.0), 2 * np.arange(6.0), verbose=0)
    assert model.predict([10.0], verbose=0).shape == (1, 1)


def test_changing_the_learning_rate_or_the_epochs_compiles_nothing():
    model = classifier()
    model.fit(X, Y, epochs=1, verbose=0)
    traces = model._learner._program.traces
    for rate in (0.1, 0.01, 0.001):
        model.optimizer.learning_rate = rate
        model.fit(X, Y, epochs=2, verbose=0)
    assert model._learner._program.traces == traces


def test_models_of_equal_structure_share_their_programs():
    first = classifier(nn.layers.Dropout(0.2))
    first.fit(X, Y, verbose=0)
    traces = first._learner._program.traces
    for seed in range(5):
        model = classifier(nn.layers.Dropout(0.2), seed=seed)
        model.fit(X, Y, verbose=0)
        assert model._learner._program is first._learner._program
    assert first._learner._program.traces == traces
    different = classifier(nn.layers.Dropout(0.3))
    different.fit(X, Y, verbose=0)
    assert different._learner._program is not first._learner._program


def test_a_model_with_code_of_the_users_own_shares_nothing():
    class Twice(nn.layers.Layer):
        def call(self, x):
            return 2 * x

    assert program_for(classifier(Twice())) is not program_for(classifier(Twice()))


def test_predicting_batches_of_many_sizes_compiles_few_programs():
    model = classifier()
    model.predict(X[:1], verbose=0)
    before = model._predictor.program.traces
    expected = model.predict(X, verbose=0)
    for size in range(1, 33):
        np.testing.assert_allclose(model.predict(X[:size], verbose=0), expected[:size], atol=1e-6)
    assert model._predictor.program.traces - before <= 6


def test_rows_that_depend_on_each_other_are_never_padded():
    class AcrossRows(nn.layers.Layer):
        def call(self, x):
            return x - x.mean(0)

    model = nn.Sequential([nn.Input((6,)), AcrossRows()])
    np.testing.assert_allclose(model.predict(X[:5], verbose=0), X[:5] - X[:5].mean(0), atol=1e-6)


def test_memory_does_not_grow_over_100_fits():
    def arrays():
        gc.collect()
        return len(jax.live_arrays())

    classifier().fit(X, Y, verbose=0)
    model = classifier()
    model.fit(X, Y, verbose=0)
    model.predict(X, verbose=0)
    before = arrays()
    for _ in range(100):
        model.fit(X, Y, verbose=0)
        model.evaluate(X, Y, verbose=0)
    assert arrays() <= before + 2
    for _ in range(20):
        classifier().fit(X, Y, verbose=0)
    assert arrays() <= before + 40


SCRIPT = """
import numpy as np, hashlib, neurona as nn
nn.utils.set_random_seed(11)
x = np.random.normal(size=(100, 5)).astype("float32"); y = np.random.randint(0, 3, 100)
L = nn.layers
m = nn.Sequential([L.Dense(16, "relu"), L.Dropout(0.3), L.GaussianNoise(0.1), L.Dense(3, "softmax")])
m.compile("adam", "sparse_categorical_crossentropy"); m.fit(x, y, epochs=3, verbose=0)
print(hashlib.sha256(b"".join(w.tobytes() for w in m.get_weights())).hexdigest())
"""


def test_the_same_seed_gives_the_same_bits_in_two_processes():
    results = {
        subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    }
    assert len(results) == 1
    assert len(results.pop().strip()) == 64


def test_train_on_batch_accumulates_until_reset():
    model = classifier()
    model.train_on_batch(X[:10], Y[:10])
    both = model.train_on_batch(X[10:20], Y[10:20], return_dict=True)
    assert set(both) == {"loss", "accuracy"}
    model.reset_metrics()
    loss, accuracy = model.test_on_batch(X, Y)
    assert [loss, accuracy] == pytest.approx(model.evaluate(X, Y, verbose=0), rel=1e-5)
    np.testing.assert_allclose(model.predict_on_batch(X), model.predict(X, verbose=0), atol=1e-6)


def test_a_train_step_of_ones_own():
    class Doubling(nn.Model):
        def __init__(self):
            super().__init__()
            self.dense = nn.layers.Dense(2)
            self.dropout = nn.layers.Dropout(0.2)

        def call(self, x, training=False):
            return self.dense(self.dropout(x, training=training))

        def train_step(self, state, data):
            trainable, others, optimizer_state, metrics = state
            x, y = data

            def objective(trainable, others):
                prediction, others = self.stateless_call(trainable, others, x, training=True)
                return self.compute_loss(x, y, prediction), others

            (loss, others), gradients = jax.value_and_grad(objective, has_aux=True)(trainable, others)
            trainable, optimizer_state = self.optimizer.stateless_apply(optimizer_state, gradients, trainable)
            return {"loss": loss, "twice": 2 * loss}, (trainable, others, optimizer_state, metrics)

    model = Doubling()
    model.compile("adam", nn.losses.SparseCategoricalCrossentropy(from_logits=True))
    before = model.evaluate(X, Y, verbose=0)
    history = model.fit(X, Y, epochs=20, verbose=0).history
    assert history["twice"][-1] == pytest.approx(2 * history["loss"][-1], rel=1e-5)
    assert model.evaluate(X, Y, verbose=0) < before  # the loss in the logs is that of the last batch alone


def test_three_models_at_once_by_vmap_equal_three_models():
    """The training state is one pytree: a step mapped over three stacked states trains three models."""
    models = [classifier(seed=seed) for seed in range(3)]
    learners = [ready_learner(model, ArrayBatches.of(X, Y)) for model in models]
    states = [learner.training_state() for learner in learners]
    stacked = jax.tree.map(lambda *leaves: jax.numpy.stack(leaves), *states)
    key = jax.random.key(0)

    def step(state):
        return gradient_step(models[0], state, Batch(X, Y), key, 0).state

    together = jax.vmap(step)(stacked)
    for index, state in enumerate(states):
        alone = step(state)
        for a, b in zip(jax.tree.leaves(alone), jax.tree.leaves(together)):
            np.testing.assert_allclose(b[index], a, rtol=1e-4, atol=1e-6)


def test_a_callback_may_replace_a_schedule_by_a_number():
    class Stop(nn.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                self.model.optimizer.learning_rate = 0.0

    model = classifier()
    model.compile(
        nn.optimizers.SGD(nn.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)),
        "sparse_categorical_crossentropy",
    )
    model.fit(X, Y, epochs=1, verbose=0)
    before = model.get_weights()
    model.fit(X, Y, epochs=3, initial_epoch=1, callbacks=Stop(), verbose=0)
    for a, b in zip(before, model.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_an_iterator_that_runs_out_says_so():
    model = classifier()
    with pytest.warns(UserWarning, match="ran out after epoch 1 of 3"):
        history = model.fit(iter([(X, Y)]), epochs=3, verbose=0)
    assert history.epoch == [0]


@pytest.mark.parametrize("dtype", ["float32", "uint8", "int32", "bool"])
def test_data_on_the_device_are_a_copy(dtype):
    array = (10 * rng.uniform(size=(7, 5))).astype(dtype)
    expected = array.copy()
    on_device = Placement().put(array)
    array[:] = 0
    np.testing.assert_array_equal(on_device, expected)
    assert on_device.dtype == dtype
