"""In which order blocks of pairs are trained: so that none waits long for another."""

# SPDX-License-Identifier: BSD-3-Clause

import threading
from functools import partial


def rounds(n_groups):
    """Return lists of pairs of groups: each pair once, each group once a list.

    A round-robin tournament, by the circle method; last, each group by itself.
    """
    players = list(range(n_groups))
    schedule = []
    for _ in range(n_groups - 1):
        half = n_groups // 2
        schedule.append(
            list(zip(players[:half], players[: half - 1 : -1], strict=True))
        )
        players.insert(1, players.pop())
    return [*schedule, [(group, group) for group in range(n_groups)]]


def in_turn(schedule):
    """Return pairs of groups, list after list, those first whose groups rest longest.

    So hardly a thread has to wait for another one where a list ends.
    """
    turns, order = {}, []
    for pairs in schedule:
        pairs = sorted(pairs, key=lambda pair: max(turns.get(g, -1) for g in pair))
        for pair in pairs:
            turns.update(dict.fromkeys(pair, len(order)))
            order.append(pair)
    return order


def in_order(tasks):
    """Yield tasks that wait for earlier ones that touch the same groups.

    Parameters
    ----------
    tasks : iterable of (set, callable)
        Groups and task.  They must be begun in this order: then whatever a task waits
        for is running, and the result is that of one task after the other.
    """
    last = {}
    for groups, task in tasks:
        done = threading.Event()
        earlier = {last[group] for group in groups if group in last}
        last.update(dict.fromkeys(groups, done))
        yield partial(_after, earlier, task, done)


def _after(earlier, task, done):
    """Run a task after others, and say when it is done, or failed."""
    try:
        for event in earlier:
            event.wait()
        return task()
    finally:
        done.set()
