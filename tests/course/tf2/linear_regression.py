"""Linear regression from scratch: variables, a tape and assign_sub."""

import tensorflow as tf

TRUE_W, TRUE_B = 3.0, 2.0
tf.random.set_seed(1)
x = tf.random.normal(shape=(200,))
y = x * TRUE_W + TRUE_B + tf.random.normal(shape=(200,), stddev=0.1)


class MyModel(tf.Module):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.w = tf.Variable(5.0)
        self.b = tf.Variable(0.0)

    def __call__(self, x):
        return self.w * x + self.b


def loss(target_y, predicted_y):
    return tf.reduce_mean(tf.square(target_y - predicted_y))


def train(model, x, y, learning_rate):
    with tf.GradientTape() as t:
        current_loss = loss(y, model(x))
    dw, db = t.gradient(current_loss, [model.w, model.b])
    model.w.assign_sub(learning_rate * dw)
    model.b.assign_sub(learning_rate * db)


model = MyModel()
weights, losses = [], []
for epoch in range(40):
    train(model, x, y, learning_rate=0.1)
    weights.append(model.w.numpy())
    losses.append(loss(y, model(x)).numpy())
    if epoch % 10 == 0:
        print(f"Epoch {epoch:2d}: W={model.w.numpy():1.2f} b={model.b.numpy():1.2f}, loss={losses[-1]:2.5f}")
assert abs(model.w.numpy() - TRUE_W) < 0.05 and abs(model.b.numpy() - TRUE_B) < 0.05
assert losses[-1] < 0.02 < losses[0]
print("ok")
