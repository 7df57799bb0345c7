"""Ctrl-C at random moments while texts are read, pooled and trained on.

Run ``python benchmarks/interrupts.py [--interrupts N] [--calls NAME ...]``.

Another process makes the calls, one after the other, each with ``n_jobs=2``.  It is
sent one SIGINT a call, after a random share of the time that the call usually takes.
Counted is whatever goes wrong:

deadlocks          the call has not ended after 20 seconds; the process is replaced
threads left       a thread still runs a second after the call
other errors       the call raised something else than KeyboardInterrupt
output             something was written to stderr
swallowed          the call ended as if nothing had happened, though interrupted in
                   code of this package
broken afterwards  the next call fails, or gives other numbers where threads must not

The exit status is 0 if nothing of this happened.  POSIX only.  Interrupts that code of
other packages swallowed are shown, too, but do not count.
"""

# SPDX-License-Identifier: BSD-3-Clause

import argparse
import faulthandler
import os
import random
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from statistics import median

FAULTS = [
    "deadlocks",
    "threads left",
    "other errors",
    "output",
    "swallowed",
    "broken afterwards",
]

#: Seconds in which a call has to end, and in which the process has to be ready.
PATIENCE, TO_COMPILE = 20, 600


def make_calls():
    """Return calls by name: each a function, and whether its result is exact."""
    import numpy as np

    import sklearn_embed as package

    rng = np.random.default_rng(0)
    words = np.array([f"word{k}" for k in range(300)])
    chosen = np.minimum(rng.zipf(1.3, (1500, 60)) - 1, 299)
    texts = [" ".join(row) for row in words[chosen]]
    long = texts * 8
    labels = ["few" if row[0] < 3 else "many" for row in chosen]
    tokenized = package.TokenizedDocuments.from_documents(long)
    fitted = package.Word2VecVectorizer(16, epochs=1, n_jobs=2, random_state=0)
    fitted.fit(texts)
    pooled = package.MeanPoolEmbedder(fitted, n_jobs=2, oov="zero").fit(texts)

    def tokenize():
        return package.TokenizedDocuments.from_documents(long, n_jobs=2).ids

    def transform():
        return fitted.transform(long)

    def pool():
        return pooled.transform(tokenized)

    def count():
        counts = package.CooccurrenceCounts.from_documents(texts, n_jobs=2)
        return counts.to_scipy().data

    def trainer(kind, *y, **options):
        options = {"min_count": 1, "epochs": 6, "n_jobs": 2, **options}

        def fit():
            model = kind(16, random_state=0, **options).fit(texts, *y)
            return model.vectors_

        return fit

    def count_ngrams():
        return package.NGramCounts.from_documents(texts, order=3, n_jobs=2).counts

    def classes():
        model = package.WordClassVectorizer(max_n=0, n_jobs=2, random_state=0)
        return model.fit_transform(texts, labels)

    def factorise():
        return package.PPMIVectorizer(16, min_count=1, n_jobs=2).fit(texts).vectors_

    def networks(kind, *y, **options):
        options = {"hidden_size": 16, "epochs": 1, "n_jobs": 2, **options}

        def fit():
            model = kind(16, min_count=1, random_state=0, **options)
            return model.fit(texts[:300], *y).vectors_

        return fit

    sequences = networks(package.RecurrentClassifier, labels[:300])
    return {
        "ngrams": (count_ngrams, True),
        "classes": (classes, True),
        "ppmi": (factorise, True),
        "recurrent": (sequences, True),
        "recurrent-lm": (networks(package.RecurrentLanguageModel), True),
        "window-lm": (networks(package.WindowLanguageModel), True),
        "tokenize": (tokenize, True),
        "transform": (transform, True),
        "pool": (pool, True),
        "count": (count, True),
        "word2vec": (trainer(package.Word2VecVectorizer), False),
        "fasttext": (trainer(package.FastTextVectorizer, bucket=500), False),
        "glove": (trainer(package.GloVeVectorizer, window=5), True),
        "classifier": (trainer(package.FastTextClassifier, labels), False),
    }


def n_threads():
    """Return how many threads the system sees, or Python."""
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return threading.active_count()


def say(*words):
    print(*words, flush=True)


def serve(names):
    """Make the calls whose names come by stdin, and say how they ended."""
    import numpy as np

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    faulthandler.register(signal.SIGUSR1)
    calls, results = make_calls(), {}
    for name in names:
        function = calls[name][0]
        seconds = []
        for _ in range(4):
            begin = time.perf_counter()
            results[name] = function()
            seconds.append(time.perf_counter() - begin)
        say("usual", name, median(seconds[1:]))
    time.sleep(0.1)  # until the last thread is gone
    n_before = n_threads()
    say("ready")
    for name in map(str.strip, sys.stdin):
        function, exact = calls[name]
        outcome, n_left = one_call(function, n_before)
        n_before += max(n_left, 0)
        say(outcome, n_left)
        try:
            result = function()
            fine = not exact or np.array_equal(result, results[name])
        except BaseException:
            traceback.print_exc()
            fine = False
        say("fine" if fine else "broken")


def interrupt(number, frame):
    """Raise KeyboardInterrupt, and keep in mind where: it may be swallowed."""
    interrupt.place = traceback.extract_stack(frame)
    raise KeyboardInterrupt


def is_interrupt(error):
    """Tell whether a KeyboardInterrupt is what an error comes of."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__
    return error is not None


def one_call(function, n_before):
    """Return how an interrupted call ended, and how many threads it left."""
    outcome = "finished"
    try:
        interrupt.place = []
        signal.signal(signal.SIGINT, interrupt)
        say("begun")
        function()
        outcome = "swallowed"
        time.sleep(5)  # the signal may come after the call
    except KeyboardInterrupt:
        # In the call, or only in the sleep after it.
        outcome = "finished" if outcome == "swallowed" else "interrupted"
    except SystemError as error:
        # numba's machine code makes one of it where it reads its own constants.
        outcome = "interrupted" if is_interrupt(error) else "error"
        if outcome == "error":
            traceback.print_exc()
    except BaseException:
        traceback.print_exc()
        outcome = "error"
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if outcome == "swallowed":
        print(*traceback.format_list(interrupt.place), file=sys.stderr, flush=True)
        ours = os.path.dirname(sys.modules["sklearn_embed"].__file__)
        if interrupt.place and not interrupt.place[-1].filename.startswith(ours):
            outcome = "swallowed-elsewhere"
    until = time.monotonic() + 1
    while n_threads() > n_before and time.monotonic() < until:
        time.sleep(0.001)
    return outcome, n_threads() - n_before


class Victim:
    """A process that is interrupted."""

    def __init__(self, names):
        self.errors = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--serve", "--calls", *names],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
        )
        self._unread = b""
        self.usual = {}
        while (line := self.line(TO_COMPILE)) != ["ready"]:
            if not line:
                self.end()
                raise SystemExit(f"The calls do not work:\n{self.new_output(0)}")
            self.usual[line[1]] = float(line[2])

    def line(self, seconds=PATIENCE):
        """Return the next line that it says, in words; none if there is none."""
        until = time.monotonic() + seconds
        pipe = self._process.stdout.fileno()
        while b"\n" not in self._unread:
            left = until - time.monotonic()
            if left < 0 or not select.select([pipe], [], [], left)[0]:
                return []
            some = os.read(pipe, 1 << 12)
            if not some:
                return []
            self._unread += some
        line, self._unread = self._unread.split(b"\n", 1)
        return line.decode().split()

    def say(self, word):
        """Tell it what to call."""
        self._process.stdin.write(f"{word}\n".encode())
        self._process.stdin.flush()

    def signal(self, number):
        """Send a signal."""
        os.kill(self._process.pid, number)

    def new_output(self, seen):
        """Return what it wrote to stderr beyond so many bytes."""
        end = os.fstat(self.errors.fileno()).st_size
        return os.pread(self.errors.fileno(), end - seen, seen).decode()

    def end(self):
        """End the process."""
        self._process.kill()
        self._process.communicate()


def one_round(victim, name, delay):
    """Interrupt a call; return how it ended and what went wrong."""
    seen = len(victim.new_output(0).encode())
    victim.say(name)
    if victim.line() != ["begun"]:
        return "silent", ["deadlocks"], victim.new_output(seen)
    time.sleep(delay)
    victim.signal(signal.SIGINT)
    ended = victim.line()
    afterwards = victim.line() if ended else []
    if not afterwards:
        victim.signal(signal.SIGUSR1)  # where does it stand?
        time.sleep(0.5)
        return "silent", ["deadlocks"], victim.new_output(seen)
    outcome, n_left = ended
    output = victim.new_output(seen)
    wrong = [
        "threads left" if n_left != "0" else "",
        "other errors" if outcome == "error" else "",
        "output" if output and outcome in ("finished", "interrupted") else "",
        "swallowed" if outcome == "swallowed" else "",
        "broken afterwards" if afterwards != ["fine"] else "",
    ]
    return outcome, [fault for fault in wrong if fault], output


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--interrupts", type=int, default=2000)
    parser.add_argument("--calls", nargs="+", default=None, metavar="NAME")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    names = options.calls or (
        "tokenize transform pool count word2vec fasttext glove classifier ngrams "
        "classes ppmi recurrent recurrent-lm window-lm".split()
    )
    if options.serve:
        return serve(names)
    rng, faults, outcomes = random.Random(options.seed), Counter(), Counter()
    victim = Victim(names)
    try:
        for number in range(options.interrupts):
            name = names[number % len(names)]
            delay = rng.uniform(0, 1.05 * victim.usual[name])
            outcome, wrong, output = one_round(victim, name, delay)
            outcomes[outcome] += 1
            faults.update(wrong)
            if wrong or output:
                said = ", ".join(wrong) or outcome
                print(f"{name} after {delay:.6f} s: {said}\n{output}")
            if "deadlocks" in wrong:
                victim.end()
                victim = Victim(names)
    finally:
        victim.end()
    usual = ", ".join(f"{name} {1e3 * s:.0f}" for name, s in victim.usual.items())
    print(f"milliseconds of a call: {usual}")
    print(f"{options.interrupts} interrupts: {dict(outcomes)}")
    print(", ".join(f"{faults[fault]} {fault}" for fault in FAULTS))
    return int(any(faults.values()))


if __name__ == "__main__":
    sys.exit(main())
