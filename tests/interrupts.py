"""Ctrl-C, some time from now."""

import gc
import signal
import threading
from contextlib import contextmanager


@contextmanager
def interrupted(seconds):
    """Send the signal of Ctrl-C after some seconds.

    A signal that arrives within somebody's callback of the garbage collector
    (hypothesis has one) would be swallowed there: they are put aside meanwhile.
    """
    callbacks, gc.callbacks[:] = gc.callbacks[:], []
    try:
        threading.Timer(seconds, signal.raise_signal, [signal.SIGINT]).start()
        yield
    finally:
        gc.callbacks[:] = callbacks
