"""Reading speed and memory against gensim, interleaved in one run.

Run ``python benchmarks/io.py [ROWS [DIMENSIONS [ROUNDS]]]``.
"""

# SPDX-License-Identifier: BSD-3-Clause

import argparse
import logging
import os
import tempfile
import tracemalloc

import numpy as np
from gensim.models import KeyedVectors
from gensim.models.fasttext import load_facebook_vectors
from race import race, ratios, spread

from sklearn_embed.io import Subwords, WordVectors, read_vectors, write_vectors


def write_files(folder, n_rows, n_dimensions):
    """Write the same vectors in every format."""
    rng = np.random.default_rng(0)
    matrix = rng.normal(0, 0.3, (n_rows, n_dimensions)).astype(np.float32)
    words = [f"word{row}" for row in range(n_rows)]
    paths = {name: os.path.join(folder, name) for name in ("w2v", "glove", "long")}
    paths |= {name: os.path.join(folder, name) for name in ("bin", "fasttext", "npy")}
    vectors = WordVectors(words, matrix, np.arange(n_rows, 0, -1))
    with open(paths["glove"], "w") as stream:
        row_format = " ".join(["%.5g"] * n_dimensions)
        for word, row in zip(words, matrix, strict=True):
            stream.write(f"{word} {row_format % tuple(row)}\n")
    with open(paths["long"], "w") as stream:
        stream.write(f"{n_rows} {n_dimensions}\n")
        for word, row in zip(words, matrix.astype(float), strict=True):
            stream.write(f"{word} {' '.join(map(repr, (row / 3).tolist()))}\n")
    write_vectors(vectors, paths["w2v"], "word2vec")
    write_vectors(vectors, paths["bin"], "word2vec_binary")
    write_vectors(vectors, paths["npy"], "native")
    buckets = rng.normal(0, 0.3, (n_rows, n_dimensions)).astype(np.float32)
    parts = Subwords(buckets, 3, 6, n_rows, own=matrix)
    write_vectors(
        WordVectors(words, matrix, vectors.counts, parts), paths["fasttext"], "fasttext"
    )
    return paths


def cases(paths):
    """Return name, our reading, gensim's."""
    load = KeyedVectors.load_word2vec_format
    return [
        (
            "word2vec text, as gensim writes it",
            lambda: read_vectors(paths["w2v"]),
            lambda: load(paths["w2v"]),
        ),
        (
            "word2vec text, 17 digits",
            lambda: read_vectors(paths["long"]),
            lambda: load(paths["long"]),
        ),
        (
            "GloVe text, 5 digits",
            lambda: read_vectors(paths["glove"]),
            lambda: load(paths["glove"], no_header=True),
        ),
        (
            "word2vec binary",
            lambda: read_vectors(paths["bin"]),
            lambda: load(paths["bin"], binary=True),
        ),
        (
            "fastText .bin",
            lambda: read_vectors(paths["fasttext"]),
            lambda: load_facebook_vectors(paths["fasttext"]),
        ),
        ("native", lambda: read_vectors(paths["npy"]), None),
        ("native, mapped", lambda: read_vectors(paths["npy"], mmap=True), None),
    ]


def peak(function):
    """Return the MiB that a call has in use at most, the result included."""
    tracemalloc.start()
    result = function()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    del result
    return most / 2**20


def main(n_rows, n_dimensions, n_rounds):
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        paths = write_files(folder, n_rows, n_dimensions)
        table = cases(paths)
        print(f"{n_rows} rows, {n_dimensions} dimensions; thousand rows a second")
        for name, ours, theirs in table:
            contenders = {"ours": ours}
            if theirs is not None:
                contenders["gensim"] = theirs
            times = race(contenders, n_rounds)
            line = f"{name:36s} {n_rows / np.median(times['ours']) / 1e3:8.0f}"
            if theirs is not None:
                line += f"  gensim {n_rows / np.median(times['gensim']) / 1e3:8.0f}"
                line += f"  times ours {spread(ratios(times)['gensim'], 1)}"
            print(line, flush=True)
        few = [f"word{row}" for row in range(0, n_rows, 100)]
        whole = peak(lambda: read_vectors(paths["glove"]))
        some = peak(lambda: read_vectors(paths["glove"], vocabulary=few))
        theirs = peak(lambda: KeyedVectors.load_word2vec_format(paths["w2v"]))
        print(
            f"memory at most: {whole:.0f} MiB, with a vocabulary of 1 % {some:.0f} MiB,"
            f" gensim {theirs:.0f} MiB; the matrix itself "
            f"{4 * n_rows * n_dimensions / 2**20:.0f} MiB"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("rows", nargs="?", type=int, default=20_000)
    parser.add_argument("dimensions", nargs="?", type=int, default=100)
    parser.add_argument("rounds", nargs="?", type=int, default=5)
    options = parser.parse_args()
    main(options.rows, options.dimensions, options.rounds)
