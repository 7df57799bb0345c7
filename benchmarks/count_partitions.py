"""Counting words and pairs in partitions: one worker of Dask, two, and no Dask.

Usage: python benchmarks/count_partitions.py CORPUS.txt.gz [--partitions 16]
[--lines N] [--rounds N]

On a machine that does other things, too, a clock says little.  Each worker has one
thread, so that its processor seconds are how long it works: with every worker on a
core of its own, counting takes as long as the busiest one works, and what the client
does itself (the graph, the last sums that it fetches) is added.  What Dask's processes
spend per second of the clock without work, measured before, is taken off: on a busy
machine a second's work takes many.  Everything is counted several times, without Dask
and on each cluster, and the least counts.  Printed are these seconds, beside those on
the clock; counts that differ are an error.
"""

# SPDX-License-Identifier: BSD-3-Clause

import argparse
import gzip
import tempfile
import time
from pathlib import Path

import dask
import dask.bag
import numpy as np
from distributed import Client, LocalCluster

from sklearn_embed import CooccurrenceCounts, TokenizedDocuments, WordCounts
from sklearn_embed.distributed import count_cooccurrences, count_words

N_WORDS = 50_000
WINDOW = 5
IDLE_SECONDS = 4
REPEATS = 4


def split(path, folder, n, n_lines):
    """Write the lines of a file into so many files; return their names."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        lines = [line for _, line in zip(range(n_lines), file, strict=False)]
    size, names = -(-len(lines) // n), []
    for i in range(n):
        names.append(str(Path(folder) / f"{i:03d}.txt"))
        part = lines[i * size : (i + 1) * size]
        Path(names[-1]).write_text("".join(part), encoding="utf-8")
    return names


def alone(names):
    """Count without Dask; return the counts and the least seconds."""
    results = [counted(names) for _ in range(REPEATS)]
    return results[0][0], np.min([seconds for _, seconds in results], axis=0)


def counted(names):
    """Count once; return the counts and seconds."""
    start = time.process_time()
    texts = (line for name in names for line in open(name, encoding="utf-8"))
    X = TokenizedDocuments.from_documents(texts)
    words = WordCounts.from_documents(X)
    chosen = words.select(min_count=5)[:N_WORDS]
    middle = time.process_time()
    pairs = CooccurrenceCounts.from_documents(X, vocabulary=chosen, window=WINDOW)
    return (words, pairs), (middle - start, time.process_time() - middle)


def on_workers(names, n_workers):
    """Count on a cluster; return the counts and seconds, modelled and on the clock."""
    # Which looks at each worker a hundred times a second of the clock.
    dask.config.set({"distributed.worker.profile.enabled": False})
    cluster = LocalCluster(
        n_workers=n_workers,
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address=None,
    )
    with cluster, Client(cluster) as client:
        client.run(warm_up)
        _, idle = timed(client, lambda: time.sleep(IDLE_SECONDS))
        bag = dask.bag.read_text(names)
        words, first = least(client, lambda: count_words(bag), idle)
        chosen = words.select(min_count=5)[:N_WORDS]
        pairs, second = least(
            client,
            lambda: count_cooccurrences(bag, vocabulary=chosen, window=WINDOW),
            idle,
        )
    return (words, pairs), (first, second)


def least(client, call, idle):
    """Return a result, and the least of each of the seconds of `timed`."""
    results = [timed(client, call, idle) for _ in range(REPEATS)]
    least = min((seconds for _, seconds in results), key=lambda s: s[0] + s[2])
    clock = min(seconds[3] for _, seconds in results)
    return results[0][0], (*least[:3], clock)


def warm_up():
    """Load compiled code, and what reads files, on each worker."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "text"
        path.write_text("a few words here\n" * 64, encoding="utf-8")
        bag = dask.bag.read_text([str(path)] * 2)
        with dask.config.set(scheduler="synchronous"):
            words = count_words(bag).words
            count_cooccurrences(bag, vocabulary=words, window=WINDOW)


def timed(client, call, idle=(0, 0, 0, 1)):
    """Return a result, and seconds: busiest worker, all workers, client, clock.

    ``idle`` are such seconds without work.
    """
    before = client.run(time.process_time)
    own, clock = time.process_time(), time.perf_counter()
    result = call()
    own, clock = time.process_time() - own, time.perf_counter() - clock
    after = client.run(time.process_time)
    used = [after[name] - before[name] for name in after]
    seconds = np.array([max(used), sum(used), own])
    return result, (*(seconds - clock / idle[3] * np.array(idle[:3])), clock)


def same(one, other):
    """Tell whether counts are equal, bit for bit."""
    (words, pairs), (more_words, more_pairs) = one, other
    arrays = zip(
        [words.counts, pairs.word_counts, *pairs.pairs],
        [more_words.counts, more_pairs.word_counts, *more_pairs.pairs],
        strict=True,
    )
    return words.words == more_words.words and all(np.array_equal(*ab) for ab in arrays)


def main():
    """Take turns, and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--partitions", type=int, default=16)
    parser.add_argument("--lines", type=int, default=1 << 30)
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    warm_up()
    with tempfile.TemporaryDirectory() as folder:
        names = split(options.corpus, folder, options.partitions, options.lines)
        for _ in range(options.rounds):
            expected, seconds = alone(names)
            print(f"one process: words {seconds[0]:.2f} s, pairs {seconds[1]:.2f} s")
            totals = {}
            for n_workers in (1, 2):
                counts, kinds = on_workers(names, n_workers)
                assert same(counts, expected), "the counts differ"
                totals[n_workers] = [(kind[0] + kind[2], kind[3]) for kind in kinds]
                for what, kind in zip(("words", "pairs"), kinds, strict=True):
                    busiest, workers, own, clock = kind
                    print(
                        f"{n_workers} workers, {what}: busiest {busiest:.2f} s, all "
                        f"{workers:.2f} s, client {own:.2f} s; clock {clock:.2f} s",
                        flush=True,
                    )
            (words, pairs) = np.divide(totals[1], totals[2])
            print(
                f"two workers against one: words {words[0]:.2f} (clock {words[1]:.2f})"
                f", pairs {pairs[0]:.2f} (clock {pairs[1]:.2f})"
            )


if __name__ == "__main__":
    main()
