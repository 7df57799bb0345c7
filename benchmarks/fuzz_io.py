"""Damage files of every format and see that the readers answer or refuse, never more.

Run ``python benchmarks/fuzz_io.py [FILES_PER_FORMAT [SEED [FORMAT...]]]``.  An answer
is word vectors or a VectorFileError.  Anything else, more than ten seconds, or more
than 2 GiB of memory counts as a failure; the file is kept.
"""

# SPDX-License-Identifier: BSD-3-Clause

import argparse
import io
import logging
import pathlib
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "tests"))

from vector_files import mutate, samples

from sklearn_embed.io import VectorFileError, read_vectors

_LIMIT, _SECONDS = 2 << 30, 10


def hang(number, frame):
    raise TimeoutError(f"no answer within {_SECONDS} seconds")


def resident():
    """Return MiB of memory in use now."""
    pages = int(pathlib.Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def try_one(data, path, vocabulary):
    """Read damaged bytes; return what happened and how long it took."""
    if path is None:
        source = io.BytesIO(data)
    else:
        path.write_bytes(data)
        source = path
    signal.alarm(_SECONDS)
    start = time.perf_counter()
    try:
        read_vectors(source, vocabulary=vocabulary)
        outcome = "read"
    except VectorFileError:
        outcome = "refused"
    except BaseException:
        outcome = traceback.format_exc()
    signal.alarm(0)
    return outcome, time.perf_counter() - start


def fuzz(name, intact, n_files, seed, folder):
    """Try many damaged versions of one file; print a line of figures."""
    rng = np.random.default_rng(seed)
    path = pathlib.Path(folder) / "damaged"
    counts = {"read": 0, "refused": 0, "failed": 0}
    slowest, begun = 0.0, time.perf_counter()
    for number in range(n_files):
        data = mutate(rng, intact)
        # By name, the size is known beforehand; as a stream, it is not.
        # And in turn, all words are wanted, or some.
        wanted = {"the", "кошка", "unheard"} if number % 4 < 2 else None
        outcome, took = try_one(data, path if number % 2 else None, wanted)
        slowest = max(slowest, took)
        if outcome not in counts:
            counts["failed"] += 1
            kept = pathlib.Path(tempfile.gettempdir()) / f"failed_{name}_{number}"
            kept.write_bytes(data)
            print(kept, outcome, sep="\n")
        else:
            counts[outcome] += 1
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{name:20s} {n_files} files: {counts['read']} read, {counts['refused']} "
        f"refused, {counts['failed']} failed; slowest {slowest:.2f} s, peak of the "
        f"process {peak:.0f} MiB, {time.perf_counter() - begun:.0f} s in all",
        flush=True,
    )
    return counts["failed"]


def main(n_files, seed, *names):
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGALRM, hang)
    with tempfile.TemporaryDirectory() as folder:
        intact = samples(pathlib.Path(folder))
        for data in intact.values():
            for wanted in (None, {"the"}):  # compiles
                read_vectors(io.BytesIO(data), vocabulary=wanted)
        print(f"in use before: {resident():.0f} MiB")
        pages = int(pathlib.Path("/proc/self/statm").read_text().split()[0])
        most = pages * resource.getpagesize() + _LIMIT
        resource.setrlimit(resource.RLIMIT_AS, (most, resource.RLIM_INFINITY))
        chosen = names or intact
        return sum(fuzz(name, intact[name], n_files, seed, folder) for name in chosen)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("files_per_format", nargs="?", type=int, default=100_000)
    parser.add_argument("seed", nargs="?", type=int, default=0)
    parser.add_argument("formats", nargs="*")
    options = parser.parse_args()
    sys.exit(main(options.files_per_format, options.seed, *options.formats) > 0)
