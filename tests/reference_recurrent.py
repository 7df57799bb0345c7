"""Recurrent networks in plain NumPy, float64, one sequence at a time.

Written from the formulas in the documentation of torch.nn.RNN, GRU and LSTM.  Slopes
are not written down here: tests take differences of these losses.
"""

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def cell_step(cell, x, h, c, weights):
    """One step: input, state and cell to the next state and cell."""
    w_input, w_state, b_input, b_state = weights
    ours, theirs = w_input @ x + b_input, w_state @ h + b_state
    if cell == "gru":
        (r1, z1, n1), (r2, z2, n2) = np.split(ours, 3), np.split(theirs, 3)
        r, z = sigmoid(r1 + r2), sigmoid(z1 + z2)
        new = np.tanh(n1 + r * n2)
        return (1 - z) * new + z * h, c
    if cell == "lstm":
        i, f, g, o = np.split(ours + theirs, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        return sigmoid(o) * np.tanh(c), c
    total = ours + theirs
    return np.tanh(total) if cell == "tanh" else np.maximum(total, 0), c


def run(cell, xs, weights, state=None, backwards=False, begins=()):
    """States of one sequence, (T, H), and the last (h, c); `begins` start at zero."""
    size = weights[1].shape[1]
    zeros = np.zeros(size), np.zeros(size)
    h, c = zeros if state is None else state
    out = np.empty((len(xs), size))
    for t in range(len(xs))[:: -1 if backwards else 1]:
        if t in begins:
            h, c = zeros
        h, c = cell_step(cell, xs[t], h, c, weights)
        out[t] = h
    return out, (h, c)


def stack(cell, xs, layers, states=None, begins=(), masks=None):
    """Outputs of layers on top of each other, (T, H), and their last states."""
    last = []
    for number, weights in enumerate(layers):
        if masks is not None:
            xs = xs * masks[number]
        state = None if states is None else states[number]
        xs, after = run(cell, xs, weights, state, begins=begins)
        last.append(after)
    return xs if masks is None else xs * masks[-1], last


def mixed(layers, scalars):
    """Peters et al. (2018), equation 1; the last of the scalars is gamma."""
    shares = np.exp(log_softmax(np.asarray(scalars[:-1])))
    return scalars[-1] * sum(s * h for s, h in zip(shares, layers, strict=True))


def log_softmax(scores):
    scores = scores - scores.max(axis=-1, keepdims=True)
    return scores - np.log(np.exp(scores).sum(axis=-1, keepdims=True))


def sampled_loss(state, target, outputs, biases, drawn, log_q):
    """Loss of a target among drawn words, each score less log(expected count)."""
    others = [word for word in drawn if word != target]
    words = [target, *others]
    scores = outputs[words] @ state + biases[words] - log_q[words]
    return -log_softmax(scores)[0]


def adam(p, g, m, v, t, rate, b1=0.9, b2=0.999, eps=1e-8):
    """One step of Kingma and Ba (2015), algorithm 1."""
    m[...] = b1 * m + (1 - b1) * g
    v[...] = b2 * v + (1 - b2) * g * g
    p -= rate * (m / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + eps)


def clipped(gradients, max_norm):
    """Pascanu, Mikolov and Bengio (2013), algorithm 1."""
    norm = np.sqrt(sum((g**2).sum() for g in gradients))
    if norm > max_norm:
        gradients = [g * (max_norm / norm) for g in gradients]
    return gradients, norm


def hash64(seed, counter):
    """SplitMix64, in Python's integers."""
    most = 2**64 - 1
    z = (seed + counter * 0x9E3779B97F4A7C15) & most
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & most
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & most
    return z ^ (z >> 31)


#: Step of central differences.
EPS = 1e-5


def differences(loss, parameters):
    """Central differences in every number of some arrays."""
    slopes = [np.zeros_like(part) for part in parameters]
    for part, slope in zip(parameters, slopes, strict=True):
        flat, out = part.reshape(-1), slope.reshape(-1)
        for k in range(flat.size):
            value = flat[k]
            flat[k] = value + EPS
            up = loss(parameters)
            flat[k] = value - EPS
            out[k] = (up - loss(parameters)) / (2 * EPS)
            flat[k] = value
    return slopes
