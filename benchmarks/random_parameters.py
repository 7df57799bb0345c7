"""A long random search over all parameters of all estimators.

``python benchmarks/random_parameters.py --cases 20000 --bounds`` runs blocks of cases
in processes of their own: a crash ends one block and is reported with its case, and so
is a case without end, with the place where it stood.  ``--bounds`` has numba check
every index; its kernels are compiled into a folder of their own.
"""

# SPDX-License-Identifier: BSD-3-Clause

import argparse
import faulthandler
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent / "tests"
BLOCK = 500

#: Seconds of processor time after which a case counts as hanging; some compile for
#: long.  A busy machine makes them many more of the clock: it ends what only waits.
LONGEST, LONGEST_WAIT = 120, 1200


def watch():
    """End the process, saying where it stands, if a case computes or waits for long."""
    faulthandler.dump_traceback_later(LONGEST_WAIT, exit=True)
    if hasattr(signal, "setitimer"):
        faulthandler.register(signal.SIGPROF, chain=True)
        signal.setitimer(signal.ITIMER_PROF, LONGEST)


def run_block(first, n, current):
    """Run some cases; print each problem, and note each case before it runs."""
    sys.path.insert(0, str(TESTS))
    from hypothesis import HealthCheck, Phase, given, seed, settings
    from random_parameters import cases, problem_of

    @seed(first)
    @settings(
        max_examples=n,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(cases())
    def run(case):
        current.write_text(repr(case))
        watch()
        print("case", flush=True)
        problem = problem_of(case)
        if problem is not None:
            shown = problem.replace("\n", " ")[:300]
            print(f"problem\t{shown}\t{case!r}", flush=True)

    run()


def main():
    """Run all blocks and count what went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--bounds", action="store_true")
    parser.add_argument("--block", nargs=2, type=int, help=argparse.SUPPRESS)
    parser.add_argument("--current", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.block:
        run_block(*options.block, options.current)
        return
    begin, done, problems, crashes = time.monotonic(), 0, Counter(), 0
    with tempfile.TemporaryDirectory() as folder:
        current = Path(folder) / "case"
        environment = dict(os.environ)
        if options.bounds:
            environment |= {"NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": folder}
        number = 0
        while done < options.cases and time.monotonic() - begin < options.seconds:
            n = min(BLOCK, options.cases - done)
            seed = options.seed + number
            block = ["--block", str(seed), str(n), "--current", str(current)]
            command = [sys.executable, __file__, *block]
            process = subprocess.Popen(
                command, env=environment, stdout=subprocess.PIPE, text=True
            )
            number += 1
            for line in process.stdout:
                done += line == "case\n"
                if line.startswith("problem"):
                    _, problem, case = line.split("\t", 2)
                    if not problems[problem]:
                        print(f"{problem}\n    {case}", flush=True)
                    problems[problem] += 1
            if process.wait():
                crashes += 1
                done += 1
                print(f"crash {process.returncode} after {current.read_text()}")
            print(f"{done} cases, {time.monotonic() - begin:.0f} s", flush=True)
    print(f"{done} cases, {crashes} crashes, {problems.total()} problems")
    for problem, n in problems.most_common():
        print(f"{n:6} {problem}")


if __name__ == "__main__":
    main()
