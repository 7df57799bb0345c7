"""Rows of a million short texts in a bag of Dask's: processor time and memory.

Usage: python benchmarks/transform_bag.py TEXTS.csv.gz [--texts 1_000_000]
[--partitions 32] [--scheduler threads]

The table has a column ``text``; its texts are repeated until there are so many.  The
model is a `Word2VecVectorizer` of 100 dimensions trained on them.  Each figure is of a
process of its own.
"""

# SPDX-License-Identifier: BSD-3-Clause

import argparse
import os
import tempfile
import time
from pathlib import Path

import dask
import dask.array
import dask.bag
import numpy as np
import pandas as pd
from memory import resident_megabytes

from sklearn_embed import Word2VecVectorizer
from sklearn_embed.distributed import transform


def lines(path):
    """Read a file's lines, on a worker."""
    return Path(path).read_text(encoding="utf-8").split("\n")


def main():
    """Transform, once, and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("table", type=Path)
    parser.add_argument("--texts", type=int, default=1_000_000)
    parser.add_argument("--partitions", type=int, default=32)
    parser.add_argument("--scheduler", default="threads")
    options = parser.parse_args()
    texts = pd.read_csv(options.table)["text"].dropna().str.replace("\n", " ").tolist()
    model = Word2VecVectorizer(100, epochs=2, random_state=0).fit(texts)
    model.transform(texts[:100])
    dask.config.set(scheduler=options.scheduler, num_workers=2)
    size = -(-options.texts // options.partitions)
    with tempfile.TemporaryDirectory() as folder:
        names = []
        for i in range(options.partitions):
            n = min(size, options.texts - i * size)
            part = (texts[: n % len(texts)] + texts * (n // len(texts)))[:n]
            names.append(os.path.join(folder, f"{i}.txt"))
            Path(names[-1]).write_text("\n".join(part), encoding="utf-8")
        bag = dask.bag.from_sequence(names, npartitions=options.partitions)
        bag = bag.map(lines).flatten()
        del texts
        before, clock = resident_megabytes(), time.perf_counter()
        used = time.process_time()
        rows = transform(model, bag)  # the one line
        parts = [part.sum(axis=0, dtype=np.float64) for part in rows.blocks]
        sums = dask.array.stack(parts).sum(axis=0).compute()
        used, clock = time.process_time() - used, time.perf_counter() - clock
    print(
        f"{options.texts:,} texts, {options.partitions} partitions: {used:.1f} s of "
        f"processor time, {clock:.1f} s on the clock, {before:.0f} MB before, at most "
        f"{resident_megabytes():.0f} MB; sum of rows {sums.sum():.2f}"
    )


if __name__ == "__main__":
    main()
