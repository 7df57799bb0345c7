"""Many calls on a few threads, their results in order.

This is the only place where the package makes threads.  Ctrl-C raises
KeyboardInterrupt in the main thread, after whatever instruction it has reached there,
which may be one that has just locked something or started a thread.  Hence:

- The calling thread shares no lock with the workers that it could leave locked, and
  does nothing that must be done as a whole.  Queues (`queue.SimpleQueue`) and lists
  are shared, whose operations are single calls into C.
- Workers are bare threads of `_thread`: `threading.Thread` waits for a thread's start
  and end with locks held by Python code, which an interrupt leaves locked.
- A worker ends when it finds the calls closed.  Closing is a flag, which stays, and one
  item in the queue, which every worker passes on to the next.  So it does not matter
  which threads the calling thread knows of.
- No worker ever waits for another one: calls that depend on others enter the queue
  when the last of these is finished.
"""

# SPDX-License-Identifier: BSD-3-Clause

import os
import sys
import threading
from _thread import allocate_lock, get_ident, start_new_thread
from collections import deque
from itertools import chain, islice
from queue import Empty, SimpleQueue

from joblib import cpu_count, effective_n_jobs

#: Calls that are begun before the first result is used, for each thread.
IN_FLIGHT = 4

#: Seconds after which a thread that waits for the others looks whether they still run.
PATIENCE = 1.0


def n_threads(n_jobs):
    """Return how many threads a parameter `n_jobs` stands for.

    None is 1, always.  `joblib.effective_n_jobs` would take the number from an
    enclosing `joblib.parallel_config`, such as all processors of a cluster, and
    training on several threads gives other numbers each time.

    Parameters
    ----------
    n_jobs : int or None
        A number of threads, -1 for all processors, -2 for all but one, and so on.
        Joblib may allow fewer, in a worker of its own.

    Raises
    ------
    ValueError
        If `n_jobs` is 0.
    """
    if n_jobs is None or n_jobs == 1:
        return 1
    if n_jobs == 0:
        raise ValueError(
            "n_jobs=0: give the number of threads, -1 for all processors, or None for "
            "one thread."
        )
    wanted = n_jobs if n_jobs > 0 else max(cpu_count() + 1 + n_jobs, 1)
    # The threads are ours, whatever a cluster has.
    return max(1, min(wanted, effective_n_jobs(wanted)))


def in_order(function, items, n_jobs, touches=None, *, helping=True, ahead=IN_FLIGHT):
    """Yield ``function(item)`` for each item, in order: `in_phases` with one phase."""
    options = {"helping": helping, "ahead": ahead, "patient": False}
    return in_phases(function, [items], n_jobs, touches, **options)


def in_phases(function, phases, n_jobs, touches=None, *, helping, ahead, patient):
    """Yield ``function(item)`` for each item of each phase, in order.

    A phase begins when all calls of the one before are finished.  The threads stay: one
    that has just been made is often put where its maker runs, and does nothing for a
    millisecond and more beside an idle processor.

    If a call fails, its error is raised in place of its result.  The threads end with
    the iterator, which therefore has to be closed if it is not used up, by ``finally:
    results.close()``.  Not by `contextlib.closing`: an interrupt at the beginning of
    its ``__exit__`` would leave the iterator open.

    Parameters
    ----------
    function : callable
        Runs on any of the threads.
    phases : iterable of iterables
        Items.  Read by the calling thread alone, and not far ahead.
    n_jobs : int
        How many threads make calls.
    touches : callable or None, default=None
        ``touches(item)`` returns hashable keys of what a call changes.  A call begins
        when all earlier ones with a key in common are finished, so that the result
        is that of one call after the other.
    helping : bool
        Whether the calling thread is one of those that make calls.  That saves a
        thread where the work is short.  If it is not, it wakes up sooner to bring more
        work, and for Ctrl-C.
    ahead : int
        Calls that are begun before the first result is used, for each thread.
    patient : bool
        Whether no result is used before all calls are begun and the last is finished:
        the calling thread then seldom takes a processor from the others.
    """
    calls = None
    try:
        for items in phases:
            items = iter(items)
            first = [*islice(items, 2)]
            items = chain(first, items)
            if n_jobs == 1 or len(first) < 2:
                yield from map(function, items)
                continue
            if calls is None:
                calls = _Calls(function, n_jobs - helping, touches)
            yield from calls.results(items, n_jobs, helping, ahead, patient)
    finally:
        if calls is not None:
            # No interrupt comes before the end of the call of put: Python looks for
            # them after calls, at the beginning of functions and where loops begin
            # anew.
            try:
                calls.closed = True
                calls.todo.put(None)
                calls.join()
            except BaseException:
                calls.join()
                raise


def run(tasks, n_jobs, touches=None, ahead=IN_FLIGHT):
    """Yield ``task()`` for each task, in order, the calling thread not helping."""
    options = {"helping": False, "ahead": ahead, "patient": False}
    return in_phases(_call, [tasks], n_jobs, touches, **options)


def run_phases(phases, n_jobs, touches=None, ahead=IN_FLIGHT):
    """Yield ``task()`` for each task of each phase, as `run` does, but not at once."""
    options = {"helping": False, "ahead": ahead, "patient": True}
    return in_phases(_call, phases, n_jobs, touches, **options)


def run_all(function, items, n_jobs):
    """Call ``function(item)`` for each item, on any of the threads."""
    # Without a loop, nothing can interrupt between two results: the iterator is
    # either used up or closed by an error.
    deque(in_order(function, items, n_jobs), maxlen=0)


def _call(task):
    return task()


class _Call:
    """A call of the function: what for, what came of it, and which wait for it."""

    __slots__ = "error", "finished", "holds", "item", "later", "result"

    def __init__(self, item, n_before):
        self.item, self.result, self.error, self.finished = item, None, None, False
        self.later = []
        # One for each call before this one, and one for whoever begins it.
        self.holds = [*range(n_before + 1)]

    def outcome(self):
        """Return the result, or raise the error, and keep neither."""
        result, self.result = self.result, None
        if self.error is None:
            return result
        error, self.error = self.error, None
        try:
            raise error
        finally:
            del error  # the error knows this frame


class _Calls:
    """What the calling thread and its workers share.

    Parameters
    ----------
    function : callable
        What to call.
    n_workers : int
        How many threads to start at most.
    touches : callable or None
        See `in_order`.
    """

    def __init__(self, function, n_workers, touches):
        self._function, self._n_workers, self._touches = function, n_workers, touches
        self._latest = {}  # the latest call that touches a key
        self._owner = os.getpid(), get_ident()
        self._alive = []  # a lock for each worker, which holds it while it runs
        self.todo, self.done = SimpleQueue(), SimpleQueue()
        self.closed, self.broken = False, None
        self.wanted = None  # the call that is waited for; None: any

    def results(self, items, n_jobs, helping, ahead, patient):
        """Yield the outcome of each item's call, in order; see `in_phases`."""
        self._latest.clear()  # all calls of earlier phases are finished
        begun = deque()
        while True:
            # Not all at once: the others cannot begin while this thread reads items.
            n_open = len(begun)
            n_wanted = min(n_jobs, ahead * n_jobs - n_open)
            for item in islice(items, n_wanted):
                begun.append(self.begin(item, len(begun)))
            if not begun:
                return
            if patient and n_wanted:
                if len(begun) == n_open + n_wanted:
                    continue  # there may be more
                self.wait_for(begun[-1], helping)
            self.wait_for(begun[0], helping)
            yield begun.popleft().outcome()

    def begin(self, item, n_open):
        """Let some thread make a call, when it may; return the call.

        ``n_open`` is how many others were begun and not used: no thread is started
        that would have nothing to do.
        """
        earlier = self._earlier(item)
        call = _Call(item, len(earlier))
        if self._touches is not None:
            self._latest.update(dict.fromkeys(self._touches(item), call))
        for before in earlier:
            before.later.append(call)
            if before.finished:
                self._let_go(before)
        self._release(call)
        if len(self._alive) < min(self._n_workers, n_open + 1):
            alive = allocate_lock()
            self._alive.append(alive)
            start_new_thread(_work, (self, alive))
        return call

    def _earlier(self, item):
        """Return the calls that must be finished before one with an item."""
        if self._touches is None:
            return ()
        latest = map(self._latest.get, self._touches(item))
        return {call for call in latest if call is not None and not call.finished}

    def _release(self, call):
        """Take one hold from a call; it may be begun when the last one is gone.

        Each thread gets a number of its own from `pop`, and only one of them gets 0.
        """
        if call.holds.pop() == 0:
            self.todo.put(call)

    def _let_go(self, call):
        """Release those that wait for a finished call, each once, in any thread."""
        while True:
            try:
                later = call.later.pop()
            except IndexError:
                return
            self._release(later)

    def make(self, call):
        """Make a call; an error is its outcome, unless it is an interrupt."""
        try:
            call.result = self._function(call.item)
        except Exception as error:
            call.error = error
        self.finish(call)

    def finish(self, call):
        """Note that a call has its outcome."""
        call.item = None
        call.finished = True
        self._let_go(call)
        if self.wanted is None or self.wanted is call:
            self.done.put(None)

    def wait_for(self, call, helping):
        """Make calls, or wait for other threads, until a call is finished."""
        # Who helps looks for calls whenever one is finished.
        self.wanted = None if helping else call
        while not call.finished:
            other = self._next() if helping else None
            if other is not None:
                self.make(other)
            elif not self._one_is_done():
                self._check()

    def _next(self):
        try:
            return self.todo.get_nowait()
        except Empty:
            return None

    def _one_is_done(self):
        """Wait until a call is finished, but not for ever."""
        try:
            self.done.get(timeout=PATIENCE)
        except Empty:
            return False
        return self.broken is None

    def _check(self):
        """Make sure that somebody is left to wait for."""
        if self.broken is not None:
            raise self.broken
        if os.getpid() != self._owner[0]:
            raise RuntimeError(
                "This process was forked while threads were at work for the other "
                "one: begin anew here."
            )

    def join(self):
        """Wait until the workers have ended.

        Only in the thread that started them.  An iterator left open may be found by
        the garbage collector in a worker, which cannot wait for itself, or in another
        process, which has none.
        """
        if self._owner == (os.getpid(), get_ident()):
            for alive in self._alive:
                with alive:
                    pass


def _work(calls, alive):
    """Make calls until they are closed: what a worker does."""
    if not alive.acquire(blocking=False):
        return  # closed before this thread came to life, and waited for right now
    try:
        # As a threading.Thread does: for debuggers and for who counts lines.
        sys.settrace(threading.gettrace())
        sys.setprofile(threading.getprofile())
        while _worked(calls):
            pass
    except BaseException as error:  # there is no memory left
        calls.broken = error
        calls.done.put(None)
    finally:
        calls.todo.put(None)
        alive.release()


def _worked(calls):
    """Make one call, if they are not closed."""
    call = calls.todo.get()
    if calls.closed or call is None:
        return False
    try:
        calls.make(call)
    except BaseException as error:
        call.error = error
        calls.finish(call)
    return True
