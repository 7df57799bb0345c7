"""From states to words: the full and the sampled softmax, by rows of scores.

Products of matrices are made elsewhere; here rows of scores become probabilities,
losses and slopes.  Sizes: N rows, V words, S words drawn, H hidden units.
"""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sklearn_embed._core import simd
from sklearn_embed._core.compile import inner, kernel
from sklearn_embed._core.numeric import decay, stack_array

WIDTH = simd.WIDTH

#: Numbers added up in float32 before they go into a sum in float64.
RUN = 512

#: Of a word that was drawn and is the target itself: it is no other word.
NEVER = np.float32(-1e30)


@inner
def _add_bias(row, bias):
    """Add the bias to scores and return the largest."""
    n, top = len(row), np.float32(-np.inf)
    whole = n - n % WIDTH
    tops = simd.fill(top)
    for v in range(0, whole, WIDTH):
        scores = simd.add(simd.load(row, v), simd.load(bias, v))
        simd.store(row, v, scores)
        tops = simd.greatest(tops, scores)
    lanes = stack_array(top, 16)
    simd.store(lanes, 0, tops)
    for v in range(WIDTH):
        top = lanes[v] if lanes[v] > top else top
    for v in range(whole, n):
        row[v] += bias[v]
        top = row[v] if row[v] > top else top
    return top


@inner
def _exponentials(row, top):
    """Turn scores into exp(score - top) and return their sum; NaN stays NaN."""
    total, n = 0.0, len(row)
    whole, zero = n - n % WIDTH, simd.fill(np.float32(0))
    tops, least = simd.fill(top), simd.fill(np.float32(-87))
    for first in range(0, whole, RUN):
        part = zero
        for v in range(first, min(first + RUN, whole), WIDTH):
            below = simd.subtract(simd.load(row, v), tops)
            up, _ = simd.exp(simd.greatest(least, below))
            simd.store(row, v, up)
            part = simd.add(part, up)
        total += np.float64(simd.total(part))
    for v in range(whole, n):
        row[v] = decay(top - row[v])
        total += np.float64(row[v])
    return total


@kernel(allocates=False)
def exponentiate_block(scores, bias, first, targets, tops, totals, own):
    """Turn the scores of a block of words into exponentials, row by row.

    Parameters
    ----------
    scores : ndarray of shape (N, V'), float32
        Without bias; become exp(score - their maximum).  Changed in place.
    bias : ndarray of shape (V',), float32
        Of the words.
    first : int
        Id of the first word.
    targets : ndarray of shape (N,), int64
        The words to predict.
    tops, totals : ndarray of shape (N,), float64
        The maxima, and the sums of the exponentials.  Overwritten.
    own : ndarray of shape (N,), float64
        The score of the target, where it is in this block.  Changed in place.
    """
    for n in range(scores.shape[0]):
        row = scores[n]
        top = _add_bias(row, bias)
        place = targets[n] - first
        if 0 <= place < len(row):
            own[n] = row[place]
        tops[n] = top
        totals[n] = _exponentials(row, top)


@kernel(allocates=False)
def join_blocks(tops, totals, own, factors):
    """Return the summed loss of rows whose words are in several blocks.

    Parameters
    ----------
    tops, totals : ndarray of shape (n_blocks, N), float64
        As `exponentiate_block` gives them.
    own : ndarray of shape (N,), float64
        Scores of the targets.  They become log-probabilities.
    factors : ndarray of shape (n_blocks, N), float64
        What turns each block's exponentials into probabilities.  Overwritten.
    """
    loss = 0.0
    for n in range(tops.shape[1]):
        top = tops[0, n]
        for b in range(tops.shape[0]):
            top = tops[b, n] if tops[b, n] > top else top
        total = 0.0
        for b in range(tops.shape[0]):
            total += totals[b, n] * np.exp(tops[b, n] - top)
        for b in range(tops.shape[0]):
            factors[b, n] = np.exp(tops[b, n] - top) / total
        own[n] -= top + np.log(total)
        loss -= own[n]
    return loss


@inner
def _scale(row, factor, sums):
    """Multiply a row, and add it to sums."""
    for v in range(len(row)):
        row[v] *= factor
        sums[v] += row[v]


@kernel(allocates=False)
def slopes_of_block(scores, first, targets, factors, share, sums):
    """Turn exponentials into slopes of the loss, row by row.

    Parameters
    ----------
    scores : ndarray of shape (N, V'), float32
        As `exponentiate_block` left them.  Changed in place.
    first, targets
        As of `exponentiate_block`.
    factors : ndarray of shape (N,), float64
        Of this block; see `join_blocks`.
    share : float
        Weight of a row.
    sums : ndarray of shape (V',), float32
        The slopes added up over the rows.  Overwritten.
    """
    for v in range(len(sums)):
        sums[v] = np.float32(0)
    for n in range(scores.shape[0]):
        row = scores[n]
        _scale(row, np.float32(factors[n] * share), sums)
        place = targets[n] - first
        if 0 <= place < len(row):
            row[place] -= np.float32(share)
            sums[place] -= np.float32(share)


@kernel(allocates=False)
def sampled_slopes(scores, drawn, offsets, targets, own, share, sums):
    """Turn scores of drawn words into slopes of the loss; return its sum.

    Parameters
    ----------
    scores : ndarray of shape (N, S), float32
        Without bias; they become slopes.  Changed in place.
    drawn : ndarray of shape (S,), int64
        The words drawn, each once.
    offsets : ndarray of shape (S,), float32
        Their biases less the logarithms of how often they were to be expected.
    targets : ndarray of shape (N,), int64
        The words to predict.
    own : ndarray of shape (N,), float32
        Their scores, corrected likewise; they become slopes.  Changed in place.
    share : float
        Weight of a row.
    sums : ndarray of shape (S,), float32
        The slopes added up over the rows.  Overwritten.
    """
    loss = 0.0
    for s in range(len(sums)):
        sums[s] = np.float32(0)
    for n in range(scores.shape[0]):
        row, target = scores[n], targets[n]
        top = _add_bias(row, offsets)
        for s in range(len(row)):
            row[s] = NEVER if drawn[s] == target else row[s]
        top = own[n] if own[n] > top else top
        first = np.float64(decay(top - own[n]))
        total = first + _exponentials(row, top)
        loss += np.log(total) + np.float64(top - own[n])
        _scale(row, np.float32(share / total), sums)
        own[n] = np.float32((first / total - 1) * share)
    return loss


@kernel(allocates=False)
def dot_rows(left, right, out):
    """Write the product of each pair of rows."""
    for n in range(left.shape[0]):
        total = np.float32(0)
        for j in range(left.shape[1]):
            total += left[n, j] * right[n, j]
        out[n] = total


@kernel(allocates=False)
def log_probabilities(scores, bias, targets, out):
    """Write the log-probability of a target in each row of scores, which are used up.

    Parameters
    ----------
    scores : ndarray of shape (N, V), float32
        Without bias.
    bias : ndarray of shape (V,), float32
        Of the words.
    targets : ndarray of shape (N,), int64
        The words to predict.
    out : ndarray of shape (N,), float64
        Overwritten.
    """
    for n in range(scores.shape[0]):
        row = scores[n]
        top = _add_bias(row, bias)
        own = np.float64(row[targets[n]]) - np.float64(top)
        out[n] = own - np.log(_exponentials(row, top))
