"""A corpus larger than memory: each trainer under a real limit, by tokens.

Usage: python benchmarks/larger_than_memory.py CORPUS.txt.gz [--megabytes 2048]
[--tokens 10_000_000 100_000_000] [--what corpus Word2VecVectorizer ...]

The corpus, one document a line, is read again and again until it has given so many
tokens.  Every step runs in a process of its own whose private memory (RLIMIT_DATA) is
limited: the tokenised corpus is a file, which is mapped.  Printed are processor
seconds, nanoseconds a token, and the largest resident size; the latter includes pages
of mapped files, which the system takes back when it needs them.
"""

# SPDX-License-Identifier: BSD-3-Clause

import argparse
import gzip
import itertools
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from memory import resident_megabytes

from sklearn_embed import (
    FastTextVectorizer,
    GloVeVectorizer,
    TokenizedDocuments,
    Word2VecVectorizer,
)

TRAINERS = {
    "Word2VecVectorizer": Word2VecVectorizer(100, epochs=1, random_state=0),
    "FastTextVectorizer": FastTextVectorizer(100, epochs=1, random_state=0),
    "GloVeVectorizer": GloVeVectorizer(
        50, epochs=1, max_features=50_000, max_memory=2**28, random_state=0
    ),
}
ROWS = 1 << 16


def lines_of(path, n_tokens):
    """Yield the lines of a file, over and over, until they have so many words."""
    found = 0
    for _ in itertools.count():
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for line in file:
                yield line
                found += line.count(" ") + 1
                if found >= n_tokens:
                    return


def make_corpus(path, n_tokens, folder):
    """Tokenise a stream into a file."""
    documents = TokenizedDocuments.from_documents(lines_of(path, n_tokens))
    documents.save(folder / "corpus")
    return documents.n_tokens


def train(name, folder):
    """Fit on the mapped corpus, and write the rows of all documents to a file."""
    documents = TokenizedDocuments.load(folder / "corpus")
    model = TRAINERS[name].fit(documents)
    width = model.vectors_.shape[1]
    shape = len(documents), width
    out = np.lib.format.open_memmap(
        folder / "rows.npy", "w+", dtype=np.float32, shape=shape
    )
    for first in range(0, len(documents), ROWS):
        out[first : first + ROWS] = model.transform(documents[first : first + ROWS])
    return documents.n_tokens


def step(options):
    """Do one step in this process, and print what it took."""
    name, n_tokens, folder = options.step, options.tokens[0], options.folder
    if name != "corpus":
        # Compiled and loaded before anything is measured.
        TRAINERS[name].fit(["some words of some length"] * 99)
    limit = options.megabytes << 20
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    resident_megabytes(forget=True)
    start = time.process_time()
    if name == "corpus":
        found = make_corpus(options.corpus, n_tokens, folder)
    else:
        found = train(name, folder)
    seconds = time.process_time() - start
    print(
        f"{name:20} {found:12,} tokens {seconds:7.1f} s "
        f"{1e9 * seconds / found:7.0f} ns a token {resident_megabytes():6.0f} MB",
        flush=True,
    )


def main():
    """Start one process for each step."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--megabytes", type=int, default=2048)
    parser.add_argument("--tokens", nargs="*", type=int, default=[10**7, 10**8])
    parser.add_argument("--what", nargs="*", default=["corpus", *TRAINERS])
    parser.add_argument("--step", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help="where files are kept")
    options = parser.parse_args()
    if options.step:
        step(options)
        return
    for n_tokens in options.tokens:
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            for name in options.what:
                arguments = [options.corpus, "--tokens", n_tokens, "--step", name]
                arguments += ["--megabytes", options.megabytes, "--folder", folder]
                command = [sys.executable, "-W", "ignore", __file__]
                subprocess.run([*command, *map(str, arguments)], check=True)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
