"""How Neurona works, as a program: a model is a tree of objects that own variables, and one pure function.

Read it from top to bottom. Each part uses those above it; the last one compares all of them with Neurona.
"""

import jax
import jax.numpy as jnp
import numpy as np

import neurona as nn

# 1. A variable is an array with a name. While a scope is open, reading and assigning go through the scope:
#    the variable itself does not change, and JAX sees a function without side effects.


class Scope:
    open: "Scope | None" = None

    def __init__(self, values):
        self.values = values

    def __enter__(self):
        self.outer, Scope.open = Scope.open, self
        return self

    def __exit__(self, *error):
        Scope.open = self.outer


class Variable:
    def __init__(self, value):
        self._value = jnp.asarray(value)

    @property
    def value(self):
        return Scope.open.values[self] if Scope.open else self._value

    def assign(self, value):
        if Scope.open:
            Scope.open.values[self] = value
        else:
            self._value = value


count = Variable(0)
with Scope({count: 5}) as scope:
    count.assign(count.value + 1)
assert (count.value, scope.values[count]) == (0, 6)

# 2. A layer owns variables and other layers. Its formula is written with them, in `call`. `apply` runs the
#    same code in a scope: values and inputs go in, outputs and new values come out.


class Layer:
    def variables(self):
        found = []
        for part in vars(self).values():
            for item in part if isinstance(part, list) else [part]:
                if isinstance(item, Layer):
                    found += item.variables()
                elif isinstance(item, Variable):
                    found.append(item)
        return found

    def __call__(self, x):
        return self.call(x)

    def apply(self, values, x):
        with Scope(dict(zip(self.variables(), values))) as scope:
            y = self(x)
        return y, list(scope.values.values())


class Dense(Layer):
    """y = activation(x @ kernel + bias).

    Shapes: x (rows, inputs) -> y (rows, units); kernel (inputs, units); bias (units,).
    """

    def __init__(self, kernel, activation=lambda z: z):
        self.kernel, self.bias = Variable(kernel), Variable(jnp.zeros(kernel.shape[1]))
        self.activation = activation

    def call(self, x):
        return self.activation(x @ self.kernel.value + self.bias.value)


class Sequential(Layer):
    def __init__(self, layers):
        self.layers = layers

    def call(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


rng = np.random.default_rng(0)
kernels = [rng.normal(size=(2, 8)).astype("float32"), rng.normal(size=(8, 1)).astype("float32")]
model = Sequential([Dense(kernels[0], jnp.tanh), Dense(kernels[1])])
x = rng.normal(size=(96, 2)).astype("float32")  # (rows, features)
y = x[:, :1] * x[:, 1:]  # (rows, 1)

values = [variable.value for variable in model.variables()]
outputs, _ = jax.jit(model.apply)(values, x)  # a pure function: JAX may compile it...
np.testing.assert_allclose(outputs, model(x), rtol=1e-5, atol=1e-6)  # ... and it gives what the objects give
twice = jax.vmap(model.apply, (0, None))([jnp.stack([v, 2 * v]) for v in values], x)[0]  # two models at once
assert twice.shape == (2, 96, 1)

# 3. A step of training is a pure function too: values and a batch in, new values and the loss out.
#    Gradient descent: w <- w - rate * dL/dw, with L the mean squared error.

RATE = 0.1


def step(values, batch):
    def loss_of(values):
        predictions, _ = model.apply(values, batch[0])
        return jnp.mean((predictions - batch[1]) ** 2)

    loss, gradients = jax.value_and_grad(loss_of)(values)
    return [value - RATE * gradient for value, gradient in zip(values, gradients)], loss


# 4. An epoch is one program: a loop over the steps, each of which gathers its batch by the numbers of its
#    rows. Python is back only when the epoch is over.


@jax.jit
def epoch(values, data, order):  # order (steps, batch size)
    def body(values, rows):
        return step(values, jax.tree.map(lambda array: array[rows], data))

    return jax.lax.scan(body, values, order)


# 5. `fit` is a loop on the host: it shuffles the rows, runs the program, and puts the values back into the
#    variables, where people and callbacks find them.


def fit(epochs, batch_size):
    history = []
    for _ in range(epochs):
        order = np.arange(len(x)).reshape(-1, batch_size)
        values = [variable.value for variable in model.variables()]
        values, losses = epoch(values, (x, y), order)
        for variable, value in zip(model.variables(), values):
            variable.assign(value)
        history.append(float(losses.mean()))
    return history


history = fit(epochs=20, batch_size=32)
assert history[-1] < history[0]

# 6. Neurona is this, with care: shapes found by evaluation, random keys, masks, dtypes, metrics, callbacks,
#    checkpoints, native kernels, several devices. The numbers are the same.

theirs = nn.Sequential([nn.Input((2,)), nn.layers.Dense(8, activation="tanh"), nn.layers.Dense(1)])
theirs.set_weights([kernels[0], np.zeros(8), kernels[1], np.zeros(1)])
theirs.compile(nn.optimizers.SGD(RATE), "mse")
losses = theirs.fit(x, y, epochs=20, batch_size=32, shuffle=False, verbose=0).history["loss"]
np.testing.assert_allclose(losses, history, rtol=1e-4)
for ours, own in zip(theirs.get_weights(), model.variables()):
    np.testing.assert_allclose(ours, own.value, rtol=1e-4, atol=1e-5)

# Where each part lives: 1 core/variable.py and core/scope.py; 2 core/layer.py and layers/dense.py;
# 3 training/step.py and optimizers/sgd.py; 4 training/program.py; 5 training/fit.py.
print("All parts agree with Neurona.")
