"""Word2vec from its definition, slowly: what the compiled kernels must equal."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

WORD = 2**64 - 1
NODES, MOST_ROWS = 6, 12  # output rows trained at a time: of a path, of draws


def hash64(seed, counter):
    """SplitMix64 on Python's integers."""
    z = (seed + counter * 0x9E3779B97F4A7C15) & WORD
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & WORD
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & WORD
    return z ^ (z >> 31)


def windows(corpus, plan):
    """Yield (position, centre, contexts) of every kept token: numbers and rows.

    The number counts kept tokens.
    """
    seed, number = int(plan.seed), 0
    for s, start in enumerate(corpus.starts):
        kept = []
        for p in range(corpus.offsets[s], corpus.offsets[s + 1]):
            row = int(corpus.row_of[corpus.ids[start + p - corpus.offsets[s]]])
            bits = hash64(seed, int(p))
            if row >= 0 and bits >> 32 <= corpus.keep[row]:
                drop = (
                    (bits & 0xFFFFFFFF) * plan.drawn_window >> 32 if plan.shrink else 0
                )
                kept.append((int(p), (number, row), plan.drawn_window - drop))
                number += 1
        for i, (p, word, width) in enumerate(kept):
            around = kept[max(0, i - width) : i] + kept[i + 1 : i + 1 + width]
            yield p, word, [other for _, other, _ in around]


def draws(plan, turn, pool, negative):
    """The numbers of the pool that belong to one turn."""
    q = turn * negative + (hash64(int(plan.seed), WORD) >> 1)
    return [int(pool[(q + o) % len(pool)]) for o in range(1, negative + 1)]


def sigmoid_slopes(scores, labels, times):
    """Slopes of the log-likelihood in the scores, and minus its value."""
    signs = 2 * labels - 1
    slopes = (labels - 1 / (1 + np.exp(-scores))) * times
    return slopes, np.sum(times * np.logaddexp(0, -signs * scores))


def softmax_slopes(scores, labels, times):
    """The same for the softmax over all scores of an input."""
    logs = scores - np.log(np.sum(np.exp(scores), axis=1, keepdims=True))
    return labels - np.exp(logs), -np.sum(logs[:, labels == 1])


def blocks_of(loss, plan, turn, centre, guide, negative, n_words):
    """Output rows that a window meets, with labels and weights, block by block."""
    if loss == "softmax":
        return [(np.arange(n_words), (np.arange(n_words) == centre) * 1.0, 1.0)]
    if loss == "hierarchical_softmax":
        first, last = guide.offsets[centre : centre + 2]
        parts = [slice(at, min(at + NODES, last)) for at in range(first, last, NODES)]
        return [(guide.nodes[part], 1.0 - guide.codes[part], 1.0) for part in parts]
    drawn = [centre, *draws(plan, turn, guide, negative)]
    n_blocks = -(-len(drawn) // MOST_ROWS)
    size = -(-len(drawn) // n_blocks)
    return [
        sampled(drawn[at : at + size], centre, at == 0)
        for at in range(0, len(drawn), size)
    ]


def sampled(drawn, centre, has_centre):
    """Distinct rows of a block, labels, and how often each was drawn.

    A draw equal to the centre is left out.
    """
    rows = list(dict.fromkeys(row for row in drawn if row != centre))
    times = [float(drawn.count(row)) for row in rows]
    labels = [0.0] * len(rows)
    if has_centre:
        rows, times, labels = [centre, *rows], [1.0, *times], [1.0, *labels]
    return np.array(rows, int), np.array(labels), np.array(times)


def rate_at(plan, p):
    progress = (plan.done + p // 1024 * 1024) / plan.planned
    return max(plan.min_rate, plan.rate - (plan.rate - plan.min_rate) * progress)


def pairs(contexts):
    """Two contexts at a time; a word that would meet itself goes alone, twice."""
    for j in range(0, len(contexts), 2):
        pair = contexts[j : j + 2]
        if len(pair) == 2 and pair[0] == pair[1]:
            yield from ([row] for row in pair)
        else:
            yield pair


class Held:
    """Means of the bags of words near the centre, in place of the rows themselves."""

    def __init__(self, inputs, bags, window):
        self.inputs, self.bags, self.window = inputs, bags, window
        self.means, self.starts, self.stretch = {}, {}, None

    def begin(self, p, words):
        """Put back what is out of reach, and all where a stretch begins."""
        fresh, self.stretch = p // 1024 != self.stretch, p // 1024
        self.put_back(np.inf if fresh else words[0][0] - self.window)
        for word in words[1:]:
            if word not in self.means:
                rows, weights = self.bags[word[1]]
                mean = weights @ self.inputs[rows] / sum(weights)
                self.means[word] = self.starts[word] = mean

    def put_back(self, end):
        for word in sorted(word for word in self.means if word[0] < end):
            moved = self.means.pop(word) - self.starts.pop(word)
            np.add.at(self.inputs, self.bags[word[1]][0], moved)

    def vectors(self, words):
        return np.array([self.means[word] for word in words])

    def move(self, words, changes):
        for word, change in zip(words, changes, strict=True):
            self.means[word] = self.means[word] + change

    def sizes(self, words):
        return np.array([sum(self.bags[row][1]) for _, row in words])


def step(x, block, slopes, rate):
    """Ascend along the slopes, from old values; return (change of x, new block)."""
    return rate * slopes @ block, block + rate * slopes.T @ x


def epoch(kind, corpus, plan, inputs, outputs, guide, negative=5, bags=None):
    """One pass over the whole corpus; return (loss, predictions).

    ``kind`` is (architecture, loss), ``bags`` the input rows of each word and their
    weights.
    ``inputs`` and ``outputs`` change in place.
    """
    architecture, loss = kind
    slopes_of = softmax_slopes if loss == "softmax" else sigmoid_slopes
    total, terms = 0.0, 0

    def blocks(turn, target):
        return blocks_of(loss, plan, turn, target, guide, negative, len(outputs))

    def train(x, block, rate):
        """Train a block with the inputs x; return how they are to change."""
        nonlocal total
        rows, labels, times = block
        slopes, cost = slopes_of(x @ outputs[rows].T, labels, times)
        change, outputs[rows] = step(x, outputs[rows], slopes, rate)
        total += cost
        return change

    def descend(x, p, target, rate):
        """Train the vector x on a target."""
        for block in blocks(p, target):
            x = x + train(x, block, rate)
        return x

    held = Held(inputs, bags, plan.window)
    for p, (number, centre), around in windows(corpus, plan):
        if not around:
            continue
        contexts = [row for _, row in around]
        terms += len(contexts) if architecture == "skipgram" else 1
        rate = rate_at(plan, p) if plan.learn else 0.0
        if bags is not None:
            held.begin(p, [(number, centre), *around])
        if architecture == "skipgram" and bags is None:
            for block in blocks(p, centre):
                for pair in pairs(contexts):
                    inputs[pair] += train(inputs[pair], block, rate)
        elif architecture == "skipgram":
            several = [*pairs(around)]
            turns = [p * plan.drawn_window + k for k in range(len(several))]
            for drawn in zip(*(blocks(turn, centre) for turn in turns), strict=True):
                for pair, block in zip(several, drawn, strict=True):
                    held.move(pair, train(held.vectors(pair), block, rate))
        elif bags is not None:
            sizes = held.sizes(around)
            share = 1 if plan.mean else sizes.sum()
            start = (sizes @ held.vectors(around) / sizes.sum())[None] * share
            change = (descend(start, p, centre, rate) - start) / share
            held.move(around, np.repeat(change, len(around), axis=0))
        else:
            share = 1 if plan.mean else len(contexts)
            start = inputs[contexts].mean(axis=0, keepdims=True) * share
            x = descend(start, p, centre, rate)
            np.add.at(inputs, contexts, (x - start) / share)
    held.put_back(np.inf)
    return total, terms
