"""fastText from its papers and its file format, slowly."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

MASK = 2**32 - 1


def fnv(text):
    """32-bit FNV-1a over bytes taken for signed ones."""
    code = 2166136261
    for byte in text.encode("utf-8", "surrogatepass"):
        signed = byte if byte < 128 else byte + 0xFFFFFF00
        code = ((code ^ signed) * 16777619) & MASK
    return code


def ngrams(word, min_n, max_n):
    """Character n-grams of ``<word>``, by start, then by length."""
    marked = f"<{word}>"
    last = len(marked) - 1
    return [
        marked[start : start + n]
        for start in range(last + 1)
        for n in range(max(min_n, 1), max_n + 1)
        if start + n <= last + 1 and not (n == 1 and start in (0, last))
    ]


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def word_ngram_buckets(codes, longest, n_buckets):
    """Buckets of sequences of 2 to ``longest`` words, by start, then by length."""
    signed = [code - 2**32 if code >= 2**31 else code for code in codes]
    buckets = []
    for start, code in enumerate(signed):
        for other in signed[start + 1 : start + longest]:
            code = (code * 116049371 + other) % 2**64
            buckets.append(code % 2**64 % n_buckets)
    return buckets


def feature_weights(features, per_row, unit, per_missing=0.0):
    """Rows of a document and their weights, from its features, repeated ones too.

    A feature is a pair: its row, or None, and whether it is an n-gram of characters.
    """
    found = {}
    for feature in features:
        found[feature] = found.get(feature, 0) + 1
    missing = sum(count for (row, _), count in found.items() if row is None)
    found = {key: count for key, count in found.items() if key[0] is not None}
    if unit:
        found = {key: 1 + np.log(count) for key, count in found.items()}
    found = {key: count * per_row[key[0]] for key, count in found.items()}
    if not unit:
        total = sum(found.values()) + per_missing * missing
        return [(row, weight / total) for (row, _), weight in found.items()]
    squares = [
        sum(weight**2 for (_, kind), weight in found.items() if kind == wanted)
        for wanted in (False, True)
    ]
    n_kinds = 1 + (squares[1] > 0)
    return [
        (row, weight / np.sqrt(squares[kind] * n_kinds))
        for (row, kind), weight in found.items()
    ]


def document_loss(loss, hidden, outputs, labels, drawn=(), tree=None):
    """Loss of one document, and its slopes in the hidden vector and the outputs."""
    slopes = np.zeros(len(outputs))
    scores = outputs @ hidden
    if loss == "softmax":
        shares = np.exp(scores - scores.max())
        shares /= shares.sum()
        cost = -np.log(shares[labels[0]])
        slopes = shares - (np.arange(len(outputs)) == labels[0])
    else:
        if loss == "one_vs_all":
            truths = [(c, c in labels) for c in range(len(outputs))]
        elif loss == "negative_sampling":
            truths = [(labels[0], True), *((c, False) for c in drawn)]
            truths = truths[:1] + [pair for pair in truths[1:] if pair[0] != labels[0]]
        else:
            path = slice(*tree.offsets[labels[0] : labels[0] + 2])
            truths = list(zip(tree.nodes[path], tree.codes[path] == 1, strict=True))
        cost = 0.0
        for row, truth in truths:
            cost -= np.log(sigmoid(scores[row] if truth else -scores[row]))
            slopes[row] += sigmoid(scores[row]) - truth
    return cost, slopes @ outputs, np.outer(slopes, hidden)
