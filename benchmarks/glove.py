"""Speed, memory and quality of GloVe: counting, training, searching.

Run ``python benchmarks/glove.py [--rounds N] [--words N] [--epochs N] [FILE]``, the
FILE a text of one document a line (plain or .gz).  Without it the corpus is the
docstrings of the installed libraries.  ``race`` says how times are compared.

The contenders that take one pair a step in Python run on a sample, from which their
time is extrapolated; the dense one, as Mittens trains, runs on the commonest words
(on all cores, and its epoch is a single step, of which it needs hundreds).
PyTorch takes part where it is installed.  For reference, Stanford's C programs on an
AMD Zen 5 core, the first 2 M words of the English Wikipedia, d = 100, window 10:
counting 2.4 s, training 0.92 million pairs/s (two threads: 1.77), 559 MB.

Peak memory is the largest resident size of a process of its own while it fits, beyond
what it held before (Linux).  It is compared with the pairs, 12 bytes for each that is
stored (a place of two bytes for each of its two words, the logarithm of the count, the
weight), and the parameters, 4 bytes for each number of the word and context vectors,
of their biases, and of AdaGrad's sums of squares.
"""

# SPDX-License-Identifier: BSD-3-Clause

import argparse
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from functools import partial

import numpy as np
from corpus import texts_of
from gensim.test.utils import datapath
from memory import resident_megabytes
from race import print_race, race
from sklearn.model_selection import GridSearchCV, ShuffleSplit

from sklearn_embed import CooccurrenceCounts, GloVeVectorizer, TokenizedDocuments
from sklearn_embed.evaluation import evaluate_word_analogies, evaluate_word_pairs

SIZE, WINDOW = 100, 10
SAMPLE, DENSE = 1000, 2000  # pairs, words
C_COUNTING, C_TRAINING = 2e6 / 2.4, 0.92e6  # words, pairs a second
GRID = {"vector_size": [25, 50, 100, 200], "epochs": [2, 4, 6]}


def load(source, n_words):
    """Return so many words of a file, or of the corpus that is always there, twice.

    Once as strings, once as tokens.
    """
    texts = texts_of(source)
    X = TokenizedDocuments.from_documents(texts)
    n_documents = int(np.searchsorted(X.offsets, n_words))
    return texts[:n_documents], X[:n_documents]


# Counting: what each contender does with documents.
def counted(X, n_jobs=1, max_memory=None):
    return CooccurrenceCounts.from_documents(
        X, window=WINDOW, min_count=5, n_jobs=n_jobs, max_memory=max_memory
    )


def counted_by_a_dict(X):
    """Count a sample by a dict of pairs, as textbooks do; return the whole's time."""
    some = X[:: max(1, len(X) // 300)]
    start = time.perf_counter()
    counts = defaultdict(float)
    for document in some:
        for at, word in enumerate(document):
            for k in range(1, min(WINDOW, at) + 1):
                counts[word, document[at - k]] += 1 / k
                counts[document[at - k], word] += 1 / k
    return (time.perf_counter() - start) * X.n_tokens / some.n_tokens


COUNTING = {
    "ours": counted,
    "ours, 2 threads": lambda X: counted(X, 2),
    "ours, in 64 MB": lambda X: counted(X, max_memory=64 << 20),
    "a dict of pairs (a sample)": counted_by_a_dict,
}


# Training: what each contender does in an epoch.  Times are for all pairs.
def ours(counts, n_jobs):
    """Time an epoch as the difference of two fits."""

    def epoch():
        times = []
        for epochs in (1, 3):
            model = GloVeVectorizer(SIZE, epochs=epochs, n_jobs=n_jobs, random_state=0)
            start = time.perf_counter()
            model.fit_counts(counts)
            times.append(time.perf_counter() - start)
        return (times[1] - times[0]) / 2

    return epoch


def pair_by_pair(counts):
    """Time numpy on single pairs."""
    matrix = counts.to_scipy().tocoo()
    rng = np.random.default_rng(0)
    words, contexts = (rng.random((2, len(counts), SIZE)) - 0.5) / SIZE
    squares = np.ones((2, len(counts), SIZE))
    some = rng.choice(matrix.nnz, min(SAMPLE, matrix.nnz), replace=False)
    pairs = list(
        zip(matrix.row[some], matrix.col[some], matrix.data[some], strict=True)
    )

    def epoch():
        start = time.perf_counter()
        for i, j, x in pairs:
            error = words[i] @ contexts[j] - np.log(x)
            pull = 0.05 * min(1.0, (x / 100) ** 0.75) * error
            steps = pull * contexts[j], pull * words[i]
            for array, square, row, step in zip(
                (words, contexts), squares, (i, j), steps, strict=True
            ):
                array[row] -= step / np.sqrt(square[row])
                square[row] += step**2
        return (time.perf_counter() - start) * matrix.nnz / len(pairs)

    return epoch


def torch_pair_by_pair(counts):
    """Time PyTorch's embeddings and Adagrad on single pairs."""
    import torch

    torch.set_num_threads(1)
    matrix = counts.to_scipy().tocoo()
    tables = [
        torch.nn.Embedding(len(counts), size, sparse=True)
        for size in (SIZE, SIZE, 1, 1)
    ]
    weights = [table.weight for table in tables]
    optimizer = torch.optim.Adagrad(weights, 0.05, initial_accumulator_value=1)
    some = np.random.default_rng(0).choice(matrix.nnz, min(SAMPLE, matrix.nnz))

    def epoch():
        start = time.perf_counter()
        for p in some:
            x = float(matrix.data[p])
            i, j = (torch.tensor([int(row[p])]) for row in (matrix.row, matrix.col))
            word, context, *biases = (
                table(row) for table, row in zip(tables, (i, j, i, j), strict=True)
            )
            error = (word * context).sum() + biases[0] + biases[1] - np.log(x)
            loss = 0.5 * min(1.0, (x / 100) ** 0.75) * error.sum() ** 2
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return (time.perf_counter() - start) * matrix.nnz / len(some)

    return epoch


def dense(counts):
    """Time whole-matrix gradients in numpy on the commonest words, as Mittens does."""
    n_words = min(DENSE, len(counts))
    whole = counts.to_scipy()
    part = whole[:n_words, :n_words].toarray()
    present = part > 0
    target = np.log(np.where(present, part, 1))
    weight = np.minimum(1, part / 100) ** 0.75
    rng = np.random.default_rng(0)
    words, contexts = (rng.random((2, n_words, SIZE)) - 0.5) / SIZE
    squares = np.ones((2, n_words, SIZE))

    def epoch():
        start = time.perf_counter()
        pull = weight * (words @ contexts.T - target)
        for array, square, slope in zip(
            (words, contexts), squares, (pull @ contexts, pull.T @ words), strict=True
        ):
            array -= 0.05 * slope / np.sqrt(square)
            square += slope**2
        # Dense work grows with the cells, occupied or not.
        return (time.perf_counter() - start) * (len(counts) / n_words) ** 2

    return epoch


def trainers(counts):
    """Return a timed epoch by each contender."""
    contenders = {
        "ours": ours(counts, 1),
        "ours, 2 threads": ours(counts, 2),
        f"numpy, one pair a step ({SAMPLE} pairs)": pair_by_pair(counts),
        f"numpy, whole matrix ({DENSE} words)": dense(counts),
    }
    try:
        name = f"PyTorch, one pair a step ({SAMPLE} pairs)"
        contenders[name] = torch_pair_by_pair(counts)
    except ImportError:
        print("  (PyTorch is not installed)")
    return contenders


def search(X, memory):
    """Return the seconds of a search over 12 candidates on one training set."""
    candidates = GridSearchCV(
        GloVeVectorizer(window=WINDOW, min_count=5, memory=memory, random_state=0),
        GRID,
        scoring=lambda model, X: -model.loss_curve_[-1],
        cv=ShuffleSplit(1, test_size=0.1, random_state=0),
        refit=False,
        error_score="raise",
    )
    start = time.perf_counter()
    candidates.fit(X)
    return time.perf_counter() - start


def compare_searches(X):
    """Print what it is worth not to count anew for every candidate."""
    search(X[:200], None)
    with tempfile.TemporaryDirectory() as folder:
        once, each_time = search(X, folder), search(X, None)
    print(
        f"  search over 12 candidates: {once:.1f} s counting once, {each_time:.1f} s "
        f"counting each time: {each_time / once:.2f} times",
        flush=True,
    )


def whole_fit(texts, n_tokens, n_pairs, n_epochs):
    """Print time and quality of a fit of strings."""
    start = time.perf_counter()
    model = GloVeVectorizer(
        SIZE, window=WINDOW, min_count=5, epochs=n_epochs, random_state=0
    )
    model.fit(texts)
    seconds = time.perf_counter() - start
    theirs = n_tokens / C_COUNTING + n_epochs * n_pairs / C_TRAINING
    print(
        f"  fit of strings, {n_epochs} epochs: {seconds:.1f} s (the C programs, at the "
        f"speeds quoted: {theirs:.0f} s, {theirs / seconds:.1f} times), "
        f"loss {model.loss_curve_[-1]:.5f}",
        end="",
    )
    for name in ("wordsim353.tsv", "simlex999.txt"):
        row = evaluate_word_pairs(model, datapath(name)).iloc[0]
        print(f", {name} {row['spearman']:.3f} ({row['n_known']:.0f} pairs)", end="")
    row = evaluate_word_analogies(model, datapath("questions-words.txt")).loc["total"]
    print(f", analogies {row['accuracy']:.3f} ({row['n_known']:.0f})", flush=True)


def measure_peak(X):
    """Print what a fit needs beyond documents and imports, and what it must."""
    GloVeVectorizer(SIZE, epochs=1, min_count=1).fit(X[:20])
    before = resident_megabytes(forget=True)
    model = GloVeVectorizer(SIZE, window=WINDOW, min_count=5, epochs=1).fit(X)
    peak = resident_megabytes() - before
    pairs = 12 * counted(X).n_pairs / 2**20
    parameters = 4 * 4 * len(model.words_) * (SIZE + 1) / 2**20
    print(
        f"  peak memory {before + peak:.0f} MB, {peak:.0f} of them for the fit; pairs "
        f"{pairs:.0f}, parameters {parameters:.0f}: "
        f"{peak / (pairs + parameters):.2f} times both"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", nargs="?")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--words", type=int, default=2_000_000)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--peak", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peak:
        measure_peak(TokenizedDocuments.load(options.corpus, mmap=False))
        return
    texts, X = load(options.corpus, options.words)
    counts = counted(X)
    n_pairs = counts.to_scipy().nnz
    print(f"{X}: {len(counts)} words that occur 5 times, {n_pairs} pairs")
    counters = {name: partial(count, X) for name, count in COUNTING.items()}
    print_race("counting", race(counters, options.rounds), X.n_tokens, "tokens")
    print_race("an epoch", race(trainers(counts), options.rounds), n_pairs, "pairs ")
    compare_searches(X)
    whole_fit(texts, X.n_tokens, n_pairs, options.epochs)
    with tempfile.TemporaryDirectory() as folder:
        X.save(f"{folder}/tokens")
        line = [sys.executable, __file__, "--peak", f"{folder}/tokens"]
        subprocess.run(line, check=True)


if __name__ == "__main__":
    main()
