"""Each trainer on one, two and four threads, in terms of processor time.

Usage: python benchmarks/threads.py [CORPUS.txt.gz] [--tokens 300_000] [--rounds 5]
[--what NAME ...]

On a machine that does other things as well, seconds on a clock tell little of threads.
Processor seconds do: what threads cost each other (shared cache lines, waiting) makes
their sum larger than that of one thread.  Printed are, by number of threads, the sum
relative to one thread, and the share of the calling thread, which reads, counts and
publishes while nobody else works.  From these follows how much faster a fit is where
every thread has a core of its own:

    one thread / (calling thread + others / cores)

Numbers of threads take turns in one process; figures are medians of the rounds.
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
    RecurrentLanguageModel,
    TokenizedDocuments,
    Word2VecVectorizer,
)

SEEDED = {"random_state": 0, "epochs": 2}
TRAINERS = {
    "Word2VecVectorizer": Word2VecVectorizer(100, window=5, **SEEDED),
    "Word2VecVectorizer, CBOW": Word2VecVectorizer(100, architecture="cbow", **SEEDED),
    "FastTextVectorizer": FastTextVectorizer(100, window=5, **SEEDED),
    "GloVeVectorizer": GloVeVectorizer(100, random_state=0, epochs=10),
    "FastTextClassifier": FastTextClassifier(100, random_state=0, epochs=10),
    "RecurrentLanguageModel": RecurrentLanguageModel(
        64, hidden_size=64, random_state=0, epochs=1
    ),
}
THREADS = 1, 2, 4
CORES = 2


def measure(model, X, y, n_jobs):
    """Return processor seconds of a fit: of the calling thread, and of the others."""
    model.set_params(n_jobs=n_jobs)
    whole, own = time.process_time(), time.thread_time()
    model.fit(X, y)
    whole, own = time.process_time() - whole, time.thread_time() - own
    return own, whole - own


def figures(measured):
    """Return rows of the table: threads, sum relative to one, share, gain."""
    alone = np.array(measured[1]).sum(axis=1)
    for n_jobs, seconds in measured.items():
        own, others = np.array(seconds).T
        gain = alone / (own + others / min(n_jobs, CORES))
        sums = (own + others) / alone
        yield n_jobs, np.median(sums), np.median(own / (own + others)), np.median(gain)


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
        for n_jobs, total, share, gain in figures(measured):
            print(
                f"{name:26} {n_jobs} threads: {total:5.2f} of the processor time, "
                f"calling thread {share:4.0%}, {gain:4.2f} times as fast",
                flush=True,
            )


if __name__ == "__main__":
    main()
