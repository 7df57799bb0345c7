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
    And a process started in the background may have been told to ignore Ctrl-C.
    """
    callbacks, gc.callbacks[:] = gc.callbacks[:], []
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        threading.Timer(seconds, signal.raise_signal, [signal.SIGINT]).start()
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        gc.callbacks[:] = callbacks
