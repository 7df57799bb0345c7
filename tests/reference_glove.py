"""Counting and GloVe from their definitions, slowly, in exact or float64 numbers."""

# SPDX-License-Identifier: BSD-3-Clause

from collections import defaultdict
from fractions import Fraction

import numpy as np


def count_pairs(documents, window, weighting="harmonic", direction="both"):
    """Return {(i, j): exact count} of documents that are lists of rows, -1 dropped."""
    counts = defaultdict(Fraction)
    for document in documents:
        kept = [row for row in document if row >= 0]
        for at, i in enumerate(kept):
            for other, j in enumerate(kept):
                k = abs(at - other)
                side = "left" if other < at else "right"
                if k == 0 or (window != "document" and k > window):
                    continue
                if direction in ("both", side):
                    counts[i, j] += context_weight(k, window, weighting)
    return dict(counts)


def context_weight(k, window, weighting):
    """What a context at distance k counts."""
    if weighting == "flat":
        return 1
    return Fraction(1, k) if weighting == "harmonic" else 1 - Fraction(k - 1, window)


def weight(count, x_max, alpha):
    """Equation 9; everything weighs 1 without x_max."""
    return 1.0 if x_max is None else min(1.0, (count / x_max) ** alpha)


def pair_loss(word, context, word_bias, context_bias, target, f):
    """Return one term of equation 8, halved."""
    return 0.5 * f * (word @ context + word_bias + context_bias - target) ** 2


def pair_gradients(word, context, word_bias, context_bias, target, f):
    """Return the gradients of that term: word, context and their biases."""
    residual = f * (word @ context + word_bias + context_bias - target)
    return residual * context, residual * word, residual, residual


def train_pairs(params, squares, pairs, rate, clip):
    """Visit (i, j, target, weight) in order; return the sum of losses.

    ``params`` and ``squares`` are (word, context, word bias, context bias).
    """
    loss = 0.0
    for i, j, target, f in pairs:
        at = (i, j, i, j)
        now = [array[row] for array, row in zip(params, at, strict=True)]
        loss += pair_loss(*now, target, f)
        gradients = pair_gradients(*now, target, f)
        for array, square, row, gradient in zip(
            params, squares, at, gradients, strict=True
        ):
            step = rate * np.clip(gradient, -clip, clip)
            array[row] -= step / np.sqrt(square[row])
            square[row] += step**2
    return loss


def step_towards(word, context, word_square, context_square, goal, strength, rate):
    """Take the implicit step of the penalty by solving for where it ends.

    The end (w', c') obeys w' = w - a g and c' = c - b g with the gradient
    g = 2 strength (w' + c' - goal): two linear equations for each dimension.
    """
    word_rate, context_rate = (
        rate / np.sqrt(word_square),
        rate / np.sqrt(context_square),
    )
    ends = []
    for w, c, a, b, r in zip(word, context, word_rate, context_rate, goal, strict=True):
        k = 2 * strength
        matrix = [[1 + a * k, a * k], [b * k, 1 + b * k]]
        ends.append(np.linalg.solve(matrix, [w + a * k * r, c + b * k * r]))
    new_word, new_context = np.transpose(ends)
    step = rate * 2 * strength * (new_word + new_context - goal)
    loss = strength * np.sum((word + context - goal) ** 2)
    return loss, new_word, new_context, word_square + step**2, context_square + step**2
