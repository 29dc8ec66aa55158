"""Keras 2: optimizers of the program's own, whose steps are a list of updates."""

from __future__ import print_function
from keras import backend as K
from keras.optimizers import Optimizer, SGD
from keras.legacy import interfaces
from keras.models import Sequential
from keras.layers import Dense
import numpy as np
class AdamW(Optimizer):
    def __init__(self, lr=0.01, beta_1=0.9, beta_2=0.999, weight_decay=1e-4, epsilon=1e-8, decay=0., **kwargs):
        super(AdamW, self).__init__(**kwargs)
        with K.name_scope(self.__class__.__name__):
            self.iterations = K.variable(0, dtype='int64', name='iterations')
            self.lr = K.variable(lr, name='lr')
            self.beta_1 = K.variable(beta_1, name='beta_1')
            self.beta_2 = K.variable(beta_2, name='beta_2')
            self.decay = K.variable(decay, name='decay')
            self.wd = K.variable(weight_decay, name='weight_decay')
        self.epsilon = epsilon
        self.initial_decay = decay
    @interfaces.legacy_get_updates_support
    def get_updates(self, loss, params):
        grads = self.get_gradients(loss, params)
        self.updates = [K.update_add(self.iterations, 1)]
        wd = self.wd
        lr = self.lr
        if self.initial_decay > 0:
            lr *= (1. / (1. + self.decay * K.cast(self.iterations, K.dtype(self.decay))))
        t = K.cast(self.iterations, K.floatx()) + 1
        lr_t = lr * (K.sqrt(1. - K.pow(self.beta_2, t)) / (1. - K.pow(self.beta_1, t)))
        ms = [K.zeros(K.int_shape(p), dtype=K.dtype(p)) for p in params]
        vs = [K.zeros(K.int_shape(p), dtype=K.dtype(p)) for p in params]
        self.weights = [self.iterations] + ms + vs
        for p, g, m, v in zip(params, grads, ms, vs):
            m_t = (self.beta_1 * m) + (1. - self.beta_1) * g
            v_t = (self.beta_2 * v) + (1. - self.beta_2) * K.square(g)
            p_t = p - lr_t * m_t / (K.sqrt(v_t) + self.epsilon) - lr * wd * p
            self.updates.append(K.update(m, m_t))
            self.updates.append(K.update(v, v_t))
            new_p = p_t
            if getattr(p, 'constraint', None) is not None:
                new_p = p.constraint(new_p)
            self.updates.append(K.update(p, new_p))
        return self.updates
    def get_config(self):
        config = {'lr': float(K.get_value(self.lr)), 'beta_1': float(K.get_value(self.beta_1)), 'decay': float(K.get_value(self.decay))}
        base_config = super(AdamW, self).get_config()
        return dict(list(base_config.items()) + list(config.items()))
class PlainSGD(Optimizer):
    def __init__(self, lr=0.1, **kwargs):
        super(PlainSGD, self).__init__(**kwargs)
        self.lr = K.variable(lr)
    def get_updates(self, params, constraints, loss):
        grads = self.get_gradients(loss, params)
        self.updates = []
        for p, g in zip(params, grads):
            self.updates.append((p, p - self.lr * g))
        return self.updates
rng = np.random.RandomState(0)
x = rng.rand(64, 3).astype('float32'); y = x @ np.array([[1.], [2.], [-1.]], 'float32') + 0.5
def build(opt):
    m = Sequential([Dense(4, activation='tanh', input_dim=3), Dense(1)])
    m.set_weights([np.full((3, 4), .1), np.zeros(4), np.full((4, 1), .2), np.zeros(1)])
    m.compile(opt, 'mse')
    return m
# against the formula in NumPy
def numpy_steps(steps, lr=0.01, b1=0.9, b2=0.999, wd=1e-4, eps=1e-8):
    ps = [np.full((3, 4), .1), np.zeros(4), np.full((4, 1), .2), np.zeros(1)]
    ms = [p * 0 for p in ps]; vs = [p * 0 for p in ps]
    for t in range(1, steps + 1):
        h = np.tanh(x @ ps[0] + ps[1]); o = h @ ps[2] + ps[3]; d = 2 * (o - y) / len(x)
        dh = (d @ ps[2].T) * (1 - h ** 2); gs = [x.T @ dh, dh.sum(0), h.T @ d, d.sum(0)]
        lr_t = lr * np.sqrt(1 - b2 ** t) / (1 - b1 ** t)
        for i in range(4):
            ms[i] = b1 * ms[i] + (1 - b1) * gs[i]; vs[i] = b2 * vs[i] + (1 - b2) * gs[i] ** 2
            ps[i] = ps[i] - lr_t * ms[i] / (np.sqrt(vs[i]) + eps) - lr * wd * ps[i]
    return ps
m = build(AdamW())
m.fit(x, y, batch_size=64, epochs=5, shuffle=False, verbose=0)
err = max(np.abs(a - b).max() for a, b in zip(m.get_weights(), numpy_steps(5)))
assert err < 1e-5, err
assert K.get_value(m.optimizer.iterations) == 5
K.set_value(m.optimizer.lr, 0.0)
before = m.get_weights()
m.fit(x, y, batch_size=16, epochs=1, verbose=0)
assert all((a == b).all() for a, b in zip(before, m.get_weights()))
a, b = build(PlainSGD(lr=0.1)), build(SGD(lr=0.1))
for one in (a, b): one.fit(x, y, batch_size=16, epochs=3, shuffle=False, verbose=0)
err = max(np.abs(p - q).max() for p, q in zip(a.get_weights(), b.get_weights()))
assert err < 1e-6, err
