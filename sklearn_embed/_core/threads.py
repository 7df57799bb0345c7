"""Many calls on a few threads, their results in order."""

# SPDX-License-Identifier: BSD-3-Clause

from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import suppress
from itertools import chain, islice
from queue import Empty, SimpleQueue
from threading import Thread

from joblib import effective_n_jobs

#: Calls that are begun before the first result is used, for each thread.
IN_FLIGHT = 4


def in_order(function, items, n_jobs):
    """Yield ``function(item)`` for each item, in order.

    Parameters
    ----------
    function : callable
        Runs on any of the threads.
    items : iterable
        Read by the calling thread alone, and not far ahead.
    n_jobs : int
        How many threads, the calling one included.  They end with the iterator.
    """
    items = iter(items)
    begun = [*islice(items, 2)]
    items = chain(begun, items)
    if n_jobs == 1 or len(begun) < 2:
        yield from map(function, items)
        return
    with _Crew(function, n_jobs - 1) as crew:
        while True:
            # Not all at once: the others cannot begin while this thread reads items.
            n_wanted = min(n_jobs, IN_FLIGHT * n_jobs - crew.n_begun)
            for item in islice(items, n_wanted):
                crew.begin(item)
            if not crew.n_begun:
                return
            yield crew.next_result()


class _Crew:
    """Threads that make calls for the one that waits for the results.

    It makes calls itself as long as nobody else has begun them.  Futures would do
    the same, but their locks cost up to a tenth of what reading a batch of text does.

    Parameters
    ----------
    function : callable
        What to call.
    n_threads : int
        How many threads besides.
    """

    def __init__(self, function, n_threads):
        self._function, self._n_threads = function, n_threads
        self._todo, self._done = SimpleQueue(), SimpleQueue()
        self._threads, self._results = [], {}
        self._n_given = self._n_taken = 0

    def __enter__(self):
        try:
            for _ in range(self._n_threads):
                thread = Thread(target=self._work, daemon=True)
                thread.start()
                self._threads.append(thread)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error):
        with suppress(Empty):
            while True:
                self._todo.get_nowait()
        for _ in self._threads:
            self._todo.put(None)
        for thread in self._threads:
            thread.join()

    @property
    def n_begun(self):
        """Calls whose results were not taken."""
        return self._n_given - self._n_taken

    def begin(self, item):
        """Let somebody call the function with an item."""
        self._todo.put((self._n_given, item))
        self._n_given += 1

    def next_result(self):
        """Return the result of the earliest call that was not taken."""
        while self._n_taken not in self._results:
            number, result, error = self._any_result()
            if error is not None:
                raise error
            self._results[number] = result
        result = self._results.pop(self._n_taken)
        self._n_taken += 1
        return result

    def _any_result(self):
        with suppress(Empty):
            return self._done.get_nowait()
        with suppress(Empty):
            return self._call(*self._todo.get_nowait())
        return self._done.get()

    def _call(self, number, item):
        try:
            return number, self._function(item), None
        except BaseException as error:
            return number, None, error

    def _work(self):
        for call in iter(self._todo.get, None):
            self._done.put(self._call(*call))


class Threads:
    """Runs tasks on plain threads; on the calling thread where one is enough.

    Parameters
    ----------
    n_jobs : int or None
        As joblib counts them; an enclosing joblib worker gets one.
    """

    def __init__(self, n_jobs):
        self._n_threads = effective_n_jobs(n_jobs)
        self._pool = None

    def __enter__(self):
        if self._n_threads > 1:
            self._pool = ThreadPoolExecutor(self._n_threads)
        return self

    def __exit__(self, *error):
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def run(self, tasks):
        """Yield the results of the tasks, in their order."""
        if self._pool is None:
            for task in tasks:
                yield task()
            return
        tasks, running, done, n_sent, n_given = iter(tasks), {}, {}, 0, 0
        while True:
            # A few tasks ahead keep every thread busy, and leave little to wait
            # for when the user interrupts.
            for task in islice(tasks, 2 * self._n_threads - len(running)):
                running[self._pool.submit(task)] = n_sent
                n_sent += 1
            if not running and not done:
                return
            if running:
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    done[running.pop(future)] = future.result()
            while n_given in done:
                yield done.pop(n_given)
                n_given += 1

    def mean_loss(self, phases):
        """Run phases one after the other and return the mean loss of all tasks."""
        total, n_terms = 0.0, 0
        for tasks in phases:
            for loss, n in self.run(tasks):
                total, n_terms = total + loss, n_terms + n
        return total / n_terms if n_terms else 0.0
