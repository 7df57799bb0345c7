"""How counting and searching grow with workers: measured constants, and a simulation.

Usage: python benchmarks/scaling.py CORPUS.txt.gz [--tokens 4_000_000]

Measured on one core of this machine: how long tokenising and counting take a token,
how many words,
pairs and 5-grams n tokens hold (Heaps' law, k * n ** b, fitted to doublings), how many
bytes an entry of a table is when it is sent, and how long adding up takes an entry.

Simulated: N tokens in equal parts, one a worker, counted at once; tables are added up
eight at a time, as `sklearn_embed.distributed` does, each sum on the worker of its
first summand; a worker sends and receives `BYTES_A_SECOND`.  The longest path counts.
A search: candidates times folds whose times are lognormal, given to whoever is free,
after each worker has received the documents once, in a tree of two.
"""

# SPDX-License-Identifier: BSD-3-Clause

import argparse
import heapq
import math
import pickle
import time
from functools import partial
from typing import NamedTuple

import numpy as np
from corpus import first_of, texts_of

from sklearn_embed import TokenizedDocuments, WordCounts
from sklearn_embed._models.counting import Window
from sklearn_embed._text.word_counts import added, counted
from sklearn_embed.distributed._tables import (
    NGramCounting,
    PairCounting,
    Rows,
    Words,
)

N_WORDS = 50_000
SUMMANDS = 8
BYTES_A_SECOND = 1e9  # a network of 10 gigabits, nearly
LATENCY = 5e-3  # a task of a scheduler
WORKERS = 1, 10, 100, 1000
DOUBLINGS = 6
REPEATS = 4


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
    """Return a result and the least of its processor seconds."""
    seconds = []
    for _ in range(REPEATS):
        start = time.process_time()
        result = call()
        seconds.append(time.process_time() - start)
    return result, min(seconds)


def counters(X):
    """Return, by name, functions that count, add up and measure, as workers do."""
    words = WordCounts.from_documents(X).select(min_count=2)[:N_WORDS]
    index = Words(words)
    pairs = PairCounting(len(words), Window(5), None)
    ngrams = NGramCounting(len(words), 5, None)

    def rows(X):
        return [Rows(index.rows(X.table)[X.flat_ids()], X.offsets)]

    return {
        "words": (counted, added, lambda table: int((table.counts > 0).sum())),
        "pairs": (
            lambda X: pairs.count(rows(X)),
            pairs.add,
            lambda table: pairs.total([table], words).n_pairs,
        ),
        "5-grams": (
            lambda X: ngrams.count(rows(X)),
            ngrams.add,
            lambda table: table.n_rows,
        ),
    }


def measured(X, read_seconds):
    """Yield the Kind of each counter, of documents read at so many seconds a token."""
    for name, (count, add, size) in counters(X).items():
        count(X[:50])  # compiled
        tokens, entries = [], []
        for i in range(DOUBLINGS):
            part = X[: len(X) >> i].compact()
            counts, seconds = timed(partial(count, part))
            tokens.append(part.n_tokens)
            entries.append(size(counts))
            if i == 0:
                token_seconds = read_seconds + seconds / part.n_tokens
                entry_bytes = len(pickle.dumps(counts)) / size(counts)
        b, log_k = np.polyfit(np.log(tokens), np.log(entries), 1)
        step = -(-len(X) // SUMMANDS)
        tables = [count(X[i : i + step].compact()) for i in range(0, len(X), step)]
        entry_seconds = timed(partial(add, tables))[1] / sum(map(size, tables))
        yield Kind(name, token_seconds, math.exp(log_k), b, entry_bytes, entry_seconds)


def counting(kind, n_tokens, n_workers):
    """Return seconds of the longest path, those of adding up, and bytes sent."""
    counted = kind.token_seconds * n_tokens / n_workers
    tables, covered, added, sent = n_workers, n_tokens / n_workers, 0.0, 0.0
    while tables > 1:
        n = min(SUMMANDS, tables)
        size = kind.entries(covered)
        total = n * size * kind.entry_seconds
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
            f"{kind.entry_bytes:.1f}, {kind.entry_seconds * 1e9:.0f}"
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
