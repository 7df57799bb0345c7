"""How counting and searching grow with workers: measured constants, and a simulation.

Usage: python benchmarks/scaling.py CORPUS.txt.gz [--tokens 4_000_000]

Measured on one core of this machine: how long tokenising and counting take a token,
how many words,
pairs and 5-grams n tokens hold (Heaps' law, k * n ** b, fitted to doublings), how many
bytes an entry of a table is when it is sent, and how long adding up takes an entry.

Simulated: N tokens in equal partitions, one a worker; tables are added up eight at a
time, as `sklearn_embed.distributed` does, each sum on the worker of its first summand;
a worker sends and receives `BYTES_A_SECOND`.  The longest path counts.  A search:
candidates times folds whose times are lognormal, given to whoever is free, after each
worker has received the documents once, in a tree of two.
"""

# SPDX-License-Identifier: BSD-3-Clause

import argparse
import heapq
import math
import operator
import pickle
import time
from functools import partial
from typing import NamedTuple

import numpy as np
from corpus import first_of, texts_of

from sklearn_embed import (
    CooccurrenceCounts,
    NGramCounts,
    TokenizedDocuments,
    WordCounts,
)

N_WORDS = 50_000
SUMMANDS = 8
BYTES_A_SECOND = 1e9  # a network of 10 gigabits, nearly
LATENCY = 5e-3  # a task of a scheduler
WORKERS = 1, 10, 100, 1000
DOUBLINGS = 6


class Kind(NamedTuple):
    """What counting costs."""

    name: str
    token_seconds: float
    k: float
    b: float
    entry_bytes: float
    entry_seconds: float

    def entries(self, n_tokens):
        """Return the size of a table of so many tokens."""
        return min(self.k * n_tokens**self.b, n_tokens * 20)


def timed(call):
    """Return a result and its processor seconds."""
    start = time.process_time()
    return call(), time.process_time() - start


def counters(X):
    """Return functions that count documents, by name, and the sizes of their tables."""
    words = WordCounts.from_documents(X).select(min_count=2)[:N_WORDS]
    given = {"vocabulary": words}
    return {
        "words": (WordCounts.from_documents, len),
        "pairs": (
            lambda X: CooccurrenceCounts.from_documents(X, window=5, **given),
            lambda counts: counts.n_pairs,
        ),
        "5-grams": (
            lambda X: NGramCounts.from_documents(X, order=5, **given),
            lambda counts: len(counts.counts),
        ),
    }


def measured(X, read_seconds):
    """Yield the Kind of each counter, of documents read at so many seconds a token."""
    middle = len(X) // 2
    for name, (count, size) in counters(X).items():
        count(X[:50])  # compiled
        tokens, entries = [], []
        for i in range(DOUBLINGS):
            part = X[: len(X) >> i]
            counts, seconds = timed(partial(count, part))
            tokens.append(part.n_tokens)
            entries.append(size(counts))
            if i == 0:
                token_seconds = read_seconds + seconds / part.n_tokens
                entry_bytes = len(pickle.dumps(counts)) / size(counts)
        b, log_k = np.polyfit(np.log(tokens), np.log(entries), 1)
        halves = count(X[:middle]), count(X[middle:])
        added = [timed(partial(operator.add, *halves))[1] for _ in range(3)]
        entry_seconds = min(added) / sum(map(size, halves))
        yield Kind(name, token_seconds, math.exp(log_k), b, entry_bytes, entry_seconds)


def counting(kind, n_tokens, n_workers):
    """Return seconds of the longest path, those of adding up, and bytes sent."""
    counted = kind.token_seconds * n_tokens / n_workers
    tables, covered, added, sent = n_workers, n_tokens / n_workers, 0.0, 0.0
    while tables > 1:
        n = min(SUMMANDS, tables)
        size, total = kind.entries(covered), 0.0
        for i in range(math.ceil(math.log2(n))):  # two by two
            moved = n / 2**i * kind.entries(covered * 2**i)
            total += moved * kind.entry_seconds
        received = (n - 1) * size * kind.entry_bytes
        added += total + received / BYTES_A_SECOND + LATENCY
        sent += received * tables / n
        tables, covered = math.ceil(tables / n), covered * n
    return counted + added, added, sent


def searching(times, n_workers, n_bytes):
    """Return seconds until all fits are done."""
    broadcast = math.ceil(math.log2(n_workers + 1)) * n_bytes / BYTES_A_SECOND
    free = [broadcast] * n_workers
    heapq.heapify(free)
    for seconds in times:
        heapq.heappush(free, heapq.heappop(free) + seconds + LATENCY)
    return max(free)


def halving(rng, n_candidates, n_folds, n_workers, n_bytes, factor=3):
    """Return seconds of a search whose rounds wait for each other."""
    rounds, total, needed = [], n_candidates, 0.0
    while total >= 1:
        rounds.append(total)
        total //= factor
    for i, n in enumerate(rounds):
        seconds = factor ** (i + 1 - len(rounds))
        times = rng.lognormal(math.log(60 * seconds), 0.5, n * n_folds)
        needed += searching(times, n_workers, n_bytes if i == 0 else 0)
    return needed


def main():
    """Measure, simulate, print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("corpus")
    parser.add_argument("--tokens", type=int, default=4_000_000)
    options = parser.parse_args()
    texts = texts_of(options.corpus)
    texts = first_of(texts, [text.count(" ") + 1 for text in texts], options.tokens)
    TokenizedDocuments.from_documents(texts[:50])  # compiled
    X, seconds = timed(partial(TokenizedDocuments.from_documents, texts))
    print(f"{X.n_tokens:,} tokens, read at {seconds / X.n_tokens * 1e9:.0f} ns each")
    kinds = list(measured(X, seconds / X.n_tokens))
    print("what, ns a token, k, b, bytes an entry, ns an entry added")
    for kind in kinds:
        print(
            f"{kind.name}, {kind.token_seconds * 1e9:.0f}, {kind.k:.2f}, {kind.b:.2f}, "
            f"{kind.entry_bytes:.0f}, {kind.entry_seconds * 1e9:.0f}"
        )
    print("what, tokens, workers, seconds, of them adding up, sent GB, times as fast")
    for kind in kinds:
        for n_tokens in (1e8, 1e9, 1e10):
            alone = counting(kind, n_tokens, 1)[0]
            for n_workers in WORKERS:
                seconds, added, sent = counting(kind, n_tokens, n_workers)
                print(
                    f"{kind.name}, {n_tokens:.0e}, {n_workers}, {seconds:.1f}, "
                    f"{added:.1f}, {sent / 1e9:.2f}, {alone / seconds:.1f}"
                )
    print("search of fits of a minute, candidates, workers, grid, halving (seconds)")
    n_bytes = 4 * 1e8
    for n_candidates in (12, 100, 1000):
        for n_workers in WORKERS:
            rng = np.random.default_rng(0)
            times = rng.lognormal(math.log(60), 0.5, n_candidates * 3)
            grid = searching(times, n_workers, n_bytes)
            halved = halving(rng, n_candidates, 3, n_workers, n_bytes)
            print(f"{n_candidates}, {n_workers}, {grid:.0f}, {halved:.0f}")


if __name__ == "__main__":
    main()
