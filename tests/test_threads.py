"""Calls on several threads: in order, bounded, and no thread is left behind."""

# SPDX-License-Identifier: BSD-3-Clause

import _thread
import gc
import os
import subprocess
import sys
import threading
import time
from contextlib import closing
from functools import partial
from itertools import islice
from pathlib import Path

import joblib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from interrupts import interrupted_at
from joblib._parallel_backends import SequentialBackend, ThreadingBackend

from sklearn_embed import MeanPoolEmbedder, TokenizedDocuments, Word2VecVectorizer
from sklearn_embed._core import threads
from sklearn_embed._core.threads import (
    IN_FLIGHT,
    in_order,
    n_threads,
    run,
    run_all,
    run_phases,
)

STRESS = Path(__file__).parents[1] / "benchmarks" / "interrupts.py"


def n_running():
    """Return how many threads run; the last instructions of one take a moment."""
    return _thread._count()


@pytest.fixture(autouse=True)
def no_thread_is_left():
    before = n_running()
    yield
    settled = time.monotonic() + 10
    while n_running() > before and time.monotonic() < settled:
        time.sleep(0.001)
    assert n_running() <= before


@pytest.fixture
def started(monkeypatch):
    """Return a list that grows with each thread that is started."""
    started = []

    def start(*args):
        started.append(args)
        return _thread.start_new_thread(*args)

    monkeypatch.setattr(threads, "start_new_thread", start)
    return started


@given(st.integers(0, 40), st.integers(1, 4), st.integers(0, 40))
@settings(deadline=None)
def test_calls_on_threads_come_back_in_order(n, n_jobs, n_wanted):
    taken = []

    def items():
        for item in range(n):
            taken.append(item)
            yield item

    with closing(in_order(lambda item: -item, items(), n_jobs)) as results:
        wanted = [*islice(results, n_wanted)]
    assert wanted == [-item for item in range(min(n, n_wanted))]
    # Not everything is read ahead.
    assert len(taken) <= n_wanted + max(2, IN_FLIGHT * n_jobs)


@given(st.integers(2, 40), st.integers(1, 4), st.data())
@settings(deadline=None)
def test_the_first_error_in_order_ends_all(n, n_jobs, data):
    wrong = data.draw(st.lists(st.integers(0, n - 1), min_size=1, max_size=3))
    begun = []

    def fail(item):
        begun.append(item)
        if item in wrong:
            raise ValueError(item)
        return item

    results, found = in_order(fail, range(n), n_jobs), []
    with pytest.raises(ValueError) as caught:
        found.extend(results)
    assert caught.value.args == (min(wrong),)
    assert max(begun) < min(wrong) + IN_FLIGHT * n_jobs


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_call_may_end_in_any_way(error, n_jobs):
    def fail(item):
        raise error

    with pytest.raises(error):
        run_all(fail, range(9), n_jobs)


def test_an_error_keeps_nothing_alive():
    class Large:
        pass

    def fail(item):
        large = Large()
        raise ValueError(large is None)

    gc.collect()
    gc.disable()
    try:
        with pytest.raises(ValueError):
            run_all(fail, range(9), 2)
        assert not [thing for thing in gc.get_objects() if type(thing) is Large]
    finally:
        gc.enable()


@pytest.mark.parametrize("helping", [True, False])
@pytest.mark.parametrize("n_jobs", [2, 4])
def test_every_thread_takes_a_part(n_jobs, helping):
    # No call returns before all have begun.
    barrier = threading.Barrier(n_jobs, timeout=60)

    def meet(item):
        barrier.wait()
        return threading.get_ident()

    found = set(in_order(meet, range(n_jobs), n_jobs, helping=helping))
    assert len(found) == n_jobs and (threading.get_ident() in found) == helping


def test_no_more_threads_are_started_than_there_are_calls(started):
    assert [*in_order(abs, [-1, -2, -3], 64)] == [1, 2, 3]
    assert len(started) <= 3


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
    started = []

    def start_a_few(*args):
        if len(started) == n_started:
            raise RuntimeError("can't start new thread")
        started.append(args)
        return _thread.start_new_thread(*args)

    monkeypatch.setattr(threads, "start_new_thread", start_a_few)
    with pytest.raises(RuntimeError, match="start new thread"):
        list(in_order(str, range(9), 4))
    assert len(started) == n_started


def test_a_worker_without_memory_does_not_keep_anyone_waiting(monkeypatch):
    def no_memory(calls):
        calls.todo.get()
        raise MemoryError("none left")

    monkeypatch.setattr(threads, "_worked", no_memory)
    slow = threading.Event()
    with pytest.raises(MemoryError, match="none left"):
        run_all(lambda item: slow.wait(0.01), range(99), 2)


def test_calls_within_calls_have_threads_of_their_own():
    def inner(n):
        return sum(in_order(abs, range(n), 2))

    assert [*in_order(inner, range(20), 3)] == [n * (n - 1) // 2 for n in range(20)]


def test_threads_are_those_of_whoever_calls():
    found = []
    thread = threading.Thread(
        target=lambda: found.extend(in_order(abs, range(-50, 0), 3))
    )
    thread.start()
    thread.join(60)
    assert found == [*range(50, 0, -1)]


def test_calls_that_touch_the_same_run_one_after_the_other():
    begun, ended = [], []

    def call(item):
        number, _, seconds = item
        begun.append(number)
        time.sleep(seconds)
        ended.append(number)

    touched = [{0, 1}, {2, 3}, {1, 2}, {4}, {0, 4}]
    seconds = [0.05, 0.01, 0.02, 0, 0]
    items = list(zip(range(5), touched, seconds, strict=True))
    assert len([*in_order(call, items, 5, lambda item: item[1])]) == 5
    assert ended.index(0) < ended.index(2) > ended.index(1)
    assert ended.index(0) < ended.index(4) > ended.index(3)


@given(
    st.lists(st.frozensets(st.integers(0, 5), max_size=3), min_size=2, max_size=60),
    st.integers(2, 5),
)
@settings(deadline=None)
def test_threads_change_nothing_where_calls_say_what_they_touch(touched, n_jobs):
    values = dict.fromkeys(range(6), 1)

    def change(item):
        number, keys = item
        for key in keys:
            value = values[key]
            if number % 3 == 0:
                time.sleep(0)
            values[key] = (value * 31 + number) % 1000003
        return sorted((key, values[key]) for key in keys)

    items = [*enumerate(touched)]
    expected = [*map(change, items)], values.copy()
    values.update(dict.fromkeys(range(6), 1))
    assert (
        [*in_order(change, items, n_jobs, lambda item: item[1])],
        values,
    ) == expected


def test_no_call_waits_for_one_that_failed():
    def fail():
        raise OSError("full")

    tasks = [fail, *[list] * 8]
    with pytest.raises(OSError, match="full"):
        list(run(tasks, 2, lambda task: {0}))


@pytest.mark.parametrize("n_jobs", [1, 2, 3])
def test_a_phase_begins_when_the_one_before_is_finished(n_jobs):
    unfinished, mixed = set(), []

    def task(phase, number):
        unfinished.add((phase, number))
        mixed.extend(other for other, _ in unfinished if other != phase)
        time.sleep(0.001 * (number % 2))
        unfinished.remove((phase, number))
        return phase, number

    sizes = [3, 1, 0, 8, 2, 1]

    def phases():
        for phase, size in enumerate(sizes):
            assert not unfinished
            yield (partial(task, phase, number) for number in range(size))

    expected = [(p, k) for p, size in enumerate(sizes) for k in range(size)]
    assert [*run_phases(phases(), n_jobs)] == expected
    assert not mixed


def test_threads_stay_from_phase_to_phase(started):
    assert len([*run_phases([[list] * 4] * 20, 2)]) == 80
    assert len(started) == 2


@pytest.mark.parametrize("ahead", [1, 2, 16])
@pytest.mark.parametrize("n", [1, 2, 5, 40])
def test_results_come_in_order_however_many_are_begun(n, ahead):
    tasks = [partial(abs, -number) for number in range(n)]
    assert [*run_phases([tasks, tasks], 2, None, ahead)] == [*range(n)] * 2


def test_what_earlier_phases_touched_holds_nothing_up():
    phases = [[list] * 3, [list] * 3]
    assert [*run_phases(phases, 2, lambda task: {0})] == [[]] * 6


def use_phases():
    """Use some threads as training does."""
    results = run_phases([[list] * 3, [list], [list] * 2], 2)
    try:
        assert [value for value in results] == [[]] * 6
    finally:
        results.close()


def use(n_jobs, touches, helping):
    """Use some threads as the rest of the package does."""
    results = in_order(abs, range(-6, 0), n_jobs, touches, helping=helping)
    try:
        assert [value for value in results] == [*range(6, 0, -1)]
    finally:
        results.close()


@pytest.mark.parametrize(
    "call",
    [
        partial(use, 2, None, True),
        partial(use, 2, None, False),
        partial(use, 3, lambda item: ("a", item)[: 1 + item % 2], True),
        use_phases,
    ],
    ids=["helping", "waiting", "touching", "phases"],
)
def test_an_interrupt_anywhere_leaves_no_thread_and_nothing_waiting(call, capfd):
    before, outcomes, number = n_running(), set(), 0
    while True:
        try:
            if not interrupted_at(number, call, FILES):
                break
            outcomes.add("finished")
        except KeyboardInterrupt:
            outcomes.add("interrupted")
        settled = time.monotonic() + 10
        while n_running() > before and time.monotonic() < settled:
            time.sleep(0.001)
        assert n_running() <= before, f"interrupted at instruction {number}"
        number += 1
    assert number > 500 and "interrupted" in outcomes
    assert capfd.readouterr().err == ""


FILES = {threads.__file__, __file__}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no processes by fork")
@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded")
def test_a_forked_process_is_told_to_begin_anew(monkeypatch):
    monkeypatch.setattr(threads, "PATIENCE", 0.01)
    taken, release, main = threading.Event(), threading.Event(), threading.get_ident()
    forked = []

    def call(item):
        if threading.get_ident() != main:
            taken.set()
            release.wait(60)
        return item

    def items():
        yield from (0, 1)
        taken.wait(60)
        forked.append(os.fork())
        if forked != [0]:
            release.set()
        yield 2

    code = 0
    try:
        assert [*in_order(call, items(), 3)] == [0, 1, 2]
    except RuntimeError as error:
        code = 1 + ("forked" in str(error))
    finally:
        if forked == [0]:
            os._exit(code)
    _, status = os.waitpid(*forked, 0)
    assert os.waitstatus_to_exitcode(status) == 2


def test_an_iterator_left_open_is_closed_by_any_thread():
    results = in_order(abs, iter(range(-99, 0)), 2)
    assert next(results) == 99
    other = threading.Thread(target=results.close)
    other.start()
    other.join(60)
    assert not other.is_alive()


@pytest.mark.skipif(os.name != "posix", reason="sends signals to another process")
def test_ctrl_c_at_any_moment_raises_keyboard_interrupt_and_no_more():
    command = [sys.executable, str(STRESS), "--interrupts", "40"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr


class Cluster(ThreadingBackend):
    """Says how many processors a cluster has, as joblib's Dask backend does."""

    def effective_n_jobs(self, n_jobs):
        return 64


class Alone(SequentialBackend):
    """A worker that may not have any."""


@pytest.fixture
def cluster():
    joblib.register_parallel_backend("cluster", Cluster)
    joblib.register_parallel_backend("alone", Alone)
    yield
    joblib.parallel.BACKENDS.pop("cluster")
    joblib.parallel.BACKENDS.pop("alone")


@pytest.mark.usefixtures("cluster")
def test_none_means_one_thread_everywhere():
    for backend in ("cluster", "threading", "loky"):
        with joblib.parallel_config(backend, n_jobs=3):
            assert n_threads(None) == 1
            assert n_threads(3) == 3
            assert n_threads(-1) == joblib.cpu_count()
    with joblib.parallel_config("alone"):
        assert n_threads(None) == n_threads(3) == n_threads(-1) == 1
    assert n_threads(-10_000) == 1
    found = joblib.Parallel(2, backend="threading")(
        joblib.delayed(n_threads)(n) for n in (None, 2)
    )
    assert found == [1, 2]


def test_no_thread_at_all_is_refused():
    for call in (
        lambda: n_threads(0),
        lambda: TokenizedDocuments.from_documents(["a b"], n_jobs=0),
        lambda: Word2VecVectorizer(2, n_jobs=0).fit(["a b"]),
        lambda: MeanPoolEmbedder(Word2VecVectorizer(2), n_jobs=0).fit(["a b"]),
    ):
        with pytest.raises(ValueError, match="n_jobs=0: give the number of threads"):
            call()


@pytest.mark.usefixtures("cluster")
def test_a_fit_within_a_cluster_gives_the_same_bits(monkeypatch):
    started = []
    monkeypatch.setattr(threads, "start_new_thread", started.append)
    texts = ["some words here", "and some more words"] * 3000
    with joblib.parallel_config("cluster"):
        Word2VecVectorizer(3, min_count=1, epochs=1).fit(texts).transform(texts)
    assert not started
