"""What is said about compiling: a line when it lasts, a warning when it is lost."""

# SPDX-License-Identifier: BSD-3-Clause

import sys
import time
import warnings

from numba.core import event

#: How the warning begins that compiled code is lost at the end of the process.
NOT_KEPT = "sklearn_embed: compiled code cannot be kept"

#: Seconds of compiling after which the line is written.
PATIENCE = 2.0

NOTICE = (
    "sklearn_embed is compiling for this machine, which is done once and then kept; "
    "see python -m sklearn_embed.warmup."
)


class _Stopwatch(event.Listener):
    """Adds up the time in which our kernels, and all that they call, are compiled."""

    def __init__(self):
        self.depth, self.spent, self.last = 0, 0.0, 0.0
        self.done = False

    def on_start(self, event):
        function = event.data["dispatcher"].py_func
        if self.depth or function.__module__.startswith("sklearn_embed."):
            self._tick()
            self.depth += 1

    def on_end(self, event):
        if self.depth:
            self._tick()
            self.depth -= 1

    def _tick(self):
        now = time.perf_counter()
        self.spent += (now - self.last) * (self.depth > 0)
        self.last = now
        if self.spent > PATIENCE and not self.done:
            self.done = True
            print(NOTICE, file=sys.stderr, flush=True)


_stopwatch = _Stopwatch()


def watch_compilation():
    """Have the time of compilations measured from now on, if a person looks on."""
    if _stopwatch.last == 0.0 and _is_terminal(sys.stderr):
        _stopwatch.last = time.perf_counter()
        event.register("numba:compile", _stopwatch)


def _is_terminal(stream):
    try:
        return stream.isatty()
    except (AttributeError, ValueError):  # there is none, or it is closed
        return False


def warn(message, category=UserWarning):
    """Warn at the line of the caller's own code, however deep in ours this is."""
    frame, level = sys._getframe(1), 2
    # scikit-learn's wrappers stand between, where `fit` is called.
    inner = "sklearn_embed.", "sklearn."
    while frame.f_back and frame.f_globals.get("__name__", "").startswith(inner):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)
