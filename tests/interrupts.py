"""Ctrl-C: some time from now, or at each point of some code in turn."""

import ctypes
import gc
import signal
import sys
import threading
from collections import defaultdict
from contextlib import contextmanager
from functools import partial
from itertools import repeat


@contextmanager
def interruptible():
    """Let the signal of Ctrl-C raise KeyboardInterrupt, always.

    A signal that arrives within a callback of the garbage collector (hypothesis has
    one) would be swallowed there: they are put aside meanwhile.  And a process started
    in the background may have been told to ignore Ctrl-C.
    """
    callbacks, gc.callbacks[:] = gc.callbacks[:], []
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        gc.callbacks[:] = callbacks


@contextmanager
def interrupted(seconds):
    """Send the signal of Ctrl-C every so many seconds until the block is left.

    Once is not enough: where the signal meets a callback of a weak reference, Python
    reports the KeyboardInterrupt as unraisable and goes on.
    """
    left, report = threading.Event(), sys.unraisablehook

    def send():
        while not left.wait(seconds):
            signal.raise_signal(signal.SIGINT)

    def report_others(unraisable):
        if unraisable.exc_type is not KeyboardInterrupt:
            report(unraisable)

    with interruptible():
        sys.unraisablehook = report_others
        sender = threading.Thread(target=send, daemon=True)
        sender.start()
        try:
            yield
        finally:
            left.set()
            sender.join()
            sys.unraisablehook = report


def interrupted_at(number, function, files):
    """Call a function, with a signal before instruction ``number`` in some files.

    Only the instructions that the calling thread executes are counted.  Python raises
    KeyboardInterrupt where it would look for a signal next, so that all numbers
    together are all the places where Ctrl-C can have an effect.

    Returns
    -------
    bool
        Whether there were so many instructions.
    """
    # What sets the signal must not be Python code, in which it would be noticed, and
    # must be called once: so it is C that is traced with, and returns what to trace
    # with afterwards, which is C again and does nothing.
    quiet = partial(sys.audit, "traced")
    send = ctypes.pythonapi["PyErr_SetInterrupt"]
    send.argtypes = [ctypes.py_object] * 3  # it looks at none of them
    send.restype = defaultdict(repeat(quiet).__next__).__getitem__
    left = number

    def each_instruction(frame, event, arg):
        nonlocal left
        if event == "opcode":
            left -= 1
            if left < 0:
                sys.settrace(quiet)
                outer = frame.f_back
                while outer is not None:
                    outer.f_trace = None
                    outer = outer.f_back
                return send
        return each_instruction

    def each_function(frame, event, arg):
        if frame.f_code.co_filename not in files:
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        return each_instruction

    before = sys.gettrace()
    with interruptible():
        sys.settrace(each_function)
        try:
            function()
        finally:
            sys.settrace(before)
    return left < 0
