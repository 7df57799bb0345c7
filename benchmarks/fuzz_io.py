"""Damage files of every kind, load and use them, and see that nothing worse happens.

Run ``python benchmarks/fuzz_io.py [--mutations N] [--seconds S] [KIND...]``.  Kinds are
the formats of word vectors, static models, and every object that can be saved.
Whatever is loaded is used: rows, further training, exports.  Right answers are a
result, the errors that are documented, or that memory does not suffice for what is
wanted.  A process that dies, more than ten seconds, and any other exception are
failures: their seeds are printed, and the same seed makes the same file again
(``--first SEED --mutations 1 KIND``).
"""

# SPDX-License-Identifier: BSD-3-Clause

import argparse
import collections
import io
import logging
import multiprocessing
import os
import pathlib
import resource
import sys
import tempfile
import time
import traceback
import warnings

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "tests"))

import saved_objects
import static_models
import vector_files

_LIMIT, _SECONDS = 2 << 30, 10


def outcome(kind, seed):
    """Damage a file, load and use it; return what happened."""
    data = kind.damaged(np.random.default_rng(seed))
    try:
        found = kind.load(io.BytesIO(data))
    except kind.refusals:
        return "refused"
    except MemoryError:
        return "failed: memory\n" + traceback.format_exc()
    except Exception:
        return "failed: while loading\n" + traceback.format_exc()
    try:
        kind.use(found, seed % 4 == 0)
    except kind.errors:
        return "error in use"
    except (TypeError, OverflowError) as error:
        if _is_raised_here(error):
            return "error in use"
        return "failed: in use\n" + traceback.format_exc()
    except MemoryError:
        return "no memory in use"
    except Exception:
        return "failed: in use\n" + traceback.format_exc()
    return "used"


def _is_raised_here(error):
    """Tell whether an error was raised on purpose by this package or scikit-learn."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    ours = "sklearn_embed" in last.filename or "sklearn" in last.filename
    return ours and (last.line or "").startswith("raise ")


def work(kind, seeds, shared, results):
    """Try some seeds in a process that may die; `shared` tells which is tried."""
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    pages = int(pathlib.Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + _LIMIT
    resource.setrlimit(resource.RLIMIT_AS, (most, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.fsync = lambda handle: None
    counts, failures = collections.Counter(), []
    for number, seed in enumerate(seeds):
        shared[0], shared[1] = number, time.monotonic()
        found = outcome(kind, seed)
        counts[found.partition("\n")[0]] += 1
        if found.startswith("failed"):
            failures.append((seed, found))
        if number % 200 == 199 or number == len(seeds) - 1:
            results.put((dict(counts), failures))
            counts, failures = collections.Counter(), []
    results.close()
    results.join_thread()


def fuzz(kind, seeds, until):
    """Try many seeds; return the counts of outcomes, and the failures."""
    counts, failures = collections.Counter(), []
    context = multiprocessing.get_context("fork")  # keeps what is compiled
    while len(seeds) and time.monotonic() < until:
        shared, results = context.Array("d", [0, time.monotonic()]), context.Queue()
        process = context.Process(target=work, args=(kind, seeds, shared, results))
        process.start()
        ending = None
        while process.is_alive():
            process.join(0.05)
            _drain(results, counts, failures)
            now = time.monotonic()
            if now - shared[1] > _SECONDS:
                ending = "failed: hang"
            elif now > until:
                ending = "time is up"
            if ending:
                process.kill()
                process.join()
        _drain(results, counts, failures)
        if ending is None and process.exitcode:
            ending = f"failed: exit status {process.exitcode}"
        number = int(shared[0])
        if ending is None or ending == "time is up":
            break
        counts[ending] += 1
        failures.append((seeds[number], ending))
        seeds = seeds[number + 1 :]
    return counts, failures


def _drain(results, counts, failures):
    """Take what a process has reported."""
    while not results.empty():
        some, more = results.get()
        counts.update(some)
        failures += more


def main(options):
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    bad = total = 0
    with tempfile.TemporaryDirectory() as folder:
        kinds = {
            **vector_files.kinds(pathlib.Path(folder)),
            **static_models.kinds(pathlib.Path(folder)),
            **saved_objects.kinds(pathlib.Path(folder)),
        }
        chosen = [name for name in kinds if not options.kinds or name in options.kinds]
        begun = time.monotonic()
        for position, name in enumerate(chosen):
            kind = kinds[name]
            kind.use(kind.load(io.BytesIO(kind.intact)), True)  # compiles
            n_left = len(chosen) - position
            left = options.seconds - (time.monotonic() - begun)
            seeds = range(options.first, options.first + options.mutations)
            start = time.monotonic()
            counts, failures = fuzz(kind, seeds, start + left / n_left)
            took = time.monotonic() - start
            n_done = sum(counts.values())
            total += n_done
            bad += len(failures)
            shown = ", ".join(f"{n} {what}" for what, n in sorted(counts.items()))
            print(f"{name:24s} {n_done:7d} in {took:4.0f} s: {shown}", flush=True)
            for seed, what in _distinct(failures):
                print(f"  {name} --first {seed}: {what}", flush=True)
    print(f"{total} files, {bad} failures")
    return bad


def _distinct(failures):
    """Return one failure of each place in the code."""
    places = {}
    for seed, what in failures:
        lines = [line for line in what.splitlines() if "sklearn_embed" in line]
        places.setdefault(lines[-1] if lines else what, (seed, what))
    return list(places.values())[:10]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--mutations", type=int, default=100_000, help="of each kind")
    parser.add_argument("--seconds", type=float, default=3600, help="in all")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("kinds", nargs="*")
    sys.exit(main(parser.parse_args()) > 0)
