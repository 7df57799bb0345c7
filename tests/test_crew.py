"""Calls on several threads: in order, bounded, and nobody is left behind."""

# SPDX-License-Identifier: BSD-3-Clause

import threading
import time
from contextlib import closing
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_embed._core.threads import IN_FLIGHT, in_order


@given(st.integers(0, 40), st.integers(1, 4), st.integers(0, 40))
@settings(deadline=None)
def test_calls_on_threads_come_back_in_order(n, n_jobs, n_wanted):
    taken, before = [], threading.active_count()

    def items():
        for item in range(n):
            taken.append(item)
            yield item

    with closing(in_order(lambda item: -item, items(), n_jobs)) as results:
        wanted = [*islice(results, n_wanted)]
    assert wanted == [-item for item in range(min(n, n_wanted))]
    # Neither is everything read ahead, nor is a thread left behind.
    assert len(taken) <= n_wanted + max(2, IN_FLIGHT * n_jobs)
    assert threading.active_count() == before


@given(st.integers(2, 40), st.integers(1, 4), st.data())
@settings(deadline=None)
def test_the_error_of_a_call_ends_all(n, n_jobs, data):
    wrong, before = data.draw(st.integers(0, n - 1)), threading.active_count()

    def fail(item):
        return item if item != wrong else 1 // 0

    with pytest.raises(ZeroDivisionError):
        list(in_order(fail, range(n), n_jobs))
    assert threading.active_count() == before


@pytest.mark.parametrize("n_jobs", [2, 4])
def test_every_thread_takes_a_part(n_jobs):
    # Nobody passes before all are there.
    barrier = threading.Barrier(n_jobs, timeout=60)

    def meet(item):
        barrier.wait()
        return threading.get_ident()

    threads = set(in_order(meet, range(n_jobs), n_jobs))
    assert len(threads) == n_jobs and threading.get_ident() in threads


def test_items_are_read_by_the_calling_thread_alone():
    # A cursor of a database, for one, may be used nowhere else.
    readers = set()

    def items():
        for item in range(30):
            readers.add(threading.get_ident())
            yield item

    assert [*in_order(lambda item: time.sleep(0.001) or item, items(), 3)] == [
        *range(30)
    ]
    assert readers == {threading.get_ident()}


@pytest.mark.parametrize("n_started", [0, 1, 2])
def test_a_thread_that_does_not_start_ends_the_others(n_started, monkeypatch):
    before, started, start = threading.active_count(), [], threading.Thread.start

    def start_a_few(thread):
        if len(started) == n_started:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_a_few)
    with pytest.raises(RuntimeError, match="start new thread"):
        list(in_order(str, range(9), 4))
    assert len(started) == n_started and threading.active_count() == before
