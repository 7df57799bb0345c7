"""Each trainer on one, two and four threads, by processor time and by the clock.

Usage: python benchmarks/threads.py [CORPUS.txt.gz] [--tokens 300_000] [--rounds 5]
[--what NAME ...]

On a machine that does other things as well, seconds on a clock tell little of threads.
Processor seconds do: what threads cost each other (shared cache lines, waiting) makes
their sum larger than that of one thread.  Printed are, by number of threads, the sum
relative to one thread, and the share of the calling thread, which reads, counts and
publishes while nobody else works.  From these follows how much faster a fit is where
every thread has a core of its own:

    one thread / (calling thread + others / cores)

What threads lose where one waits for the other does not show in processor time.  On a
machine that does nothing else, the last figure tells: how much faster a fit is by the
clock.

Numbers of threads take turns in one process; figures are medians of the rounds, those
by the clock of the fastest ones.
"""

# SPDX-License-Identifier: BSD-3-Clause

import argparse
import time
import warnings

import numpy as np
from corpus import first_of, texts_of

from sklearn_embed import (
    FastTextClassifier,
    FastTextVectorizer,
    GloVeVectorizer,
    RecurrentClassifier,
    RecurrentLanguageModel,
    TokenizedDocuments,
    Word2VecVectorizer,
)

SEEDED = {"random_state": 0, "epochs": 2}
LANGUAGE = {"vector_size": 200, "hidden_size": 200, "num_layers": 2}
LANGUAGE |= {"max_features": 10_000, "random_state": 0, "epochs": 1}
TRAINERS = {
    "Word2VecVectorizer": Word2VecVectorizer(100, window=5, **SEEDED),
    "Word2VecVectorizer, CBOW": Word2VecVectorizer(100, architecture="cbow", **SEEDED),
    "FastTextVectorizer": FastTextVectorizer(100, window=5, **SEEDED),
    "GloVeVectorizer": GloVeVectorizer(100, random_state=0, epochs=10),
    "FastTextClassifier": FastTextClassifier(100, random_state=0, epochs=10),
    "RecurrentLanguageModel": RecurrentLanguageModel(loss="softmax", **LANGUAGE),
    "RecurrentLanguageModel, drawn words": RecurrentLanguageModel(
        loss="sampled_softmax", **LANGUAGE
    ),
    "RecurrentClassifier": RecurrentClassifier(random_state=0, epochs=2),
}
THREADS = 1, 2, 4
CORES = 2


def measure(model, X, y, n_jobs):
    """Return seconds of a fit: processor, calling thread and others; by the clock."""
    model.set_params(n_jobs=n_jobs)
    clocks = time.process_time, time.thread_time, time.perf_counter
    before = [clock() for clock in clocks]
    model.fit(X, y)
    whole, own, elapsed = (
        clock() - start for clock, start in zip(clocks, before, strict=True)
    )
    return own, whole - own, elapsed


def figures(measured):
    """Return rows of the table: threads, sum relative to one, share, gains."""
    own, others, clock = np.array(measured[1]).T
    alone, least = own + others, clock.min()
    for n_jobs, seconds in measured.items():
        own, others, clock = np.array(seconds).T
        gain = alone / (own + others / min(n_jobs, CORES))
        sums = (own + others) / alone
        shares = own / (own + others)
        yield n_jobs, *map(np.median, (sums, shares, gain)), least / clock.min()


def main():
    """Take turns, and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("corpus", nargs="?")
    parser.add_argument("--tokens", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--what", nargs="+", choices=TRAINERS, default=[*TRAINERS])
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    texts = texts_of(options.corpus)
    X = TokenizedDocuments.from_documents(
        first_of(texts, [text.count(" ") + 1 for text in texts], options.tokens)
    )
    # Documents of some hundred words, and labels that mean nothing.
    y = np.arange(len(X)) % 4
    print(f"{X.n_tokens:,} tokens, {options.rounds} rounds; gain on {CORES} cores")
    for name in options.what:
        measured = {n_jobs: [] for n_jobs in THREADS}
        for round_ in range(options.rounds + 1):
            for n_jobs in THREADS:
                seconds = measure(TRAINERS[name], X, y, n_jobs)
                if round_:  # the first compiles
                    measured[n_jobs].append(seconds)
        for n_jobs, total, share, gain, by_clock in figures(measured):
            print(
                f"{name:35} {n_jobs} threads: {total:5.2f} of the processor time, "
                f"calling thread {share:4.0%}, {gain:4.2f} times as fast; by the "
                f"clock {by_clock:4.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
