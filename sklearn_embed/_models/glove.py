"""An epoch of GloVe: pairs dealt out to tasks that share no parameter."""

# SPDX-License-Identifier: BSD-3-Clause

import threading
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from sklearn_embed._core.arrays import readonly
from sklearn_embed._core.threads import Threads
from sklearn_embed._models.kernels.glove import (
    PairTile,
    measure_pairs,
    step_towards,
    train_pairs,
)
from sklearn_embed._models.kernels.partition import (
    BLOCK_BYTES,
    Partition,
    partition_pairs,
    unpack_records,
)
from sklearn_embed._models.loop import Job

#: Pairs of a task, on average and at least: enough to hide what starting it costs.
TASK_PAIRS = 1 << 14

_MOST_GROUPS = 64
_MOST_PLACES = 1 << 16
_ROWS_PER_PULL = 1 << 13
_PAIRS_AT_ONCE = 1 << 13


class Weighting(NamedTuple):
    """The weight of a pair by its count: equation 9."""

    x_max: float | None = 100.0
    alpha: float = 0.75

    def __call__(self, counts):
        """Return f(counts), float32."""
        if self.x_max is None:
            return np.ones_like(counts)
        ratio = counts / np.float32(self.x_max)
        return np.minimum(ratio, np.float32(1)) ** np.float32(self.alpha)


class Retrofit(NamedTuple):
    """Which words are pulled towards which vectors, and how strongly."""

    rows: np.ndarray  # (n_known,) int32
    goals: np.ndarray  # (n_known, vector_size) float32
    strength: float


class DealtPairs:
    """Pairs by the two groups of words that they touch.

    Parameters
    ----------
    pairs : Pairs
        Counts; of both directions, the upper half.
    mirrored : bool
        Whether that is so.
    width : int
        Padded width of the parameters.
    weighting : Weighting
        Counts to weights.
    scale : float, default=1.0
        What all counts are multiplied by.
    n_jobs : int or None, default=None
        Threads.
    overwrite : bool, default=False
        Whether the counts' memory may be used: a pair takes as much, before and after.
    """

    def __init__(
        self,
        pairs,
        mirrored,
        width,
        weighting,
        scale=1.0,
        n_jobs=None,
        overwrite=False,
    ):
        indptr, tiles, records, units_in_1 = pairs
        if not (overwrite and all(map(_is_own, (tiles, records)))):
            tiles, records = tiles.copy(), records.copy()
        self.mirrored = mirrored
        self.n_groups = _number_of_groups(len(indptr) - 1, len(tiles))
        bits = int(np.log2(BLOCK_BYTES / (16 * width)))
        self._bits = min(max(bits, 3), 15)
        self.partition = Partition(self.n_groups, bool(mirrored))
        n_tiles = self.n_groups**2
        self._ends = np.zeros(n_tiles + 1, np.int64)
        partition_pairs(
            readonly(indptr),
            tiles,
            records,
            float(units_in_1) / scale,
            self.partition,
            self._bits,
            self._ends,
            np.empty(n_tiles, np.int64),
        )
        # What trains takes the place of what it is made from.
        self.places = tiles.view(np.uint16).reshape(-1, 2)
        self.terms = records.view(np.float32).reshape(-1, 2)
        tasks = (
            partial(self._finish, records, first, last, weighting)
            for first, last in pairwise(self._ends)
            if last > first
        )
        with Threads(n_jobs) as threads:
            for _ in threads.run(tasks):
                pass
        self.places, self.terms = readonly(self.places), readonly(self.terms)

    def __len__(self):
        return len(self.terms)

    def _finish(self, records, first, last, weighting):
        """Put the pairs of two groups in order, and turn counts into terms."""
        records[first:last].view(np.uint64).sort()  # no two keys are equal
        for begin in range(first, last, _PAIRS_AT_ONCE):
            at = slice(begin, min(begin + _PAIRS_AT_ONCE, last))
            self.places[at], counts = unpack_records(records[at], self._bits)
            self.terms[at, 0] = np.log(counts)
            self.terms[at, 1] = weighting(counts)

    def of(self, a, b):
        """Yield the tiles of two groups that have pairs."""
        orders = [(a, b), (b, a)]
        for groups in (
            orders if a != b and not self.mirrored else [(min(a, b), max(a, b))]
        ):
            tile = groups[0] * self.n_groups + groups[1]
            at = slice(self._ends[tile], self._ends[tile + 1])
            if at.stop > at.start:
                yield PairTile(self.places[at], self.terms[at], groups)


def _is_own(array):
    """Tell whether nobody else sees an array's memory."""
    return array.flags.owndata and array.flags.writeable


def _number_of_groups(n_words, n_pairs):
    """Return a power of two that depends on the data only, never on the threads."""
    n_groups = 1
    while n_groups * _MOST_PLACES < n_words or (
        n_groups < _MOST_GROUPS
        and 16 * n_groups <= n_words
        and 2 * n_groups**2 * TASK_PAIRS <= n_pairs
    ):
        n_groups *= 2
    return n_groups


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


class GloveJob(Job):
    """Trains the state of a GloVeVectorizer.

    Parameters
    ----------
    pairs, held_out : DealtPairs
        What to learn from, and what to measure the loss on, or None.
    state : ndarray of shape (n_words, 4 * width), float32
        Changed in place.
    seed : int
        Of the order of tasks.
    rate, clip : float
        Learning rate; largest slope.
    retrofit : Retrofit or None
        Vectors to stay close to.
    """

    def __init__(self, pairs, held_out, state, seed, rate, clip, retrofit=None):
        self._pairs, self._held_out, self._seed = pairs, held_out, seed
        self._state, self._flat = state, state.reshape(-1)
        self._width = state.shape[1] // 4
        self._rate, self._clip = np.float32(rate), np.float32(clip)
        self._retrofit = retrofit

    def phases(self, epoch):
        """Yield lists of tasks that share no row, in an order of the epoch's own."""
        rng = np.random.default_rng([self._seed, 2, epoch])
        schedule = rounds(self._pairs.n_groups)
        groups = rng.permutation(self._pairs.n_groups).tolist()
        order = in_turn(schedule[number] for number in rng.permutation(len(schedule)))
        starts = rng.random(len(order))
        yield in_order(
            (
                {groups[a], groups[b]},
                partial(self._train, groups[a], groups[b], start),
            )
            for (a, b), start in zip(order, starts, strict=True)
        )
        if self._retrofit is not None:
            n_rows = len(self._retrofit.rows)
            yield [
                partial(self._pull, slice(first, first + _ROWS_PER_PULL))
                for first in range(0, n_rows, _ROWS_PER_PULL)
            ]

    def validation_phases(self):
        """Yield tasks that measure the loss of the held-out pairs."""
        n_groups = self._held_out.n_groups
        yield [
            partial(self._measure, a, b) for a in range(n_groups) for b in range(a + 1)
        ]

    def _train(self, a, b, start):
        loss, n_terms = 0.0, 0
        for tile in self._pairs.of(a, b):
            part, n = train_pairs(
                self._flat,
                self._width,
                tile,
                int(start * len(tile.terms)),
                self._pairs.partition,
                self._rate,
                self._clip,
            )
            loss, n_terms = loss + part, n_terms + n
        return loss, n_terms

    def _measure(self, a, b):
        loss, n_terms = 0.0, 0
        for tile in self._held_out.of(a, b):
            part, n = measure_pairs(
                self._flat, self._width, tile, self._held_out.partition
            )
            loss, n_terms = loss + part, n_terms + n
        return loss, n_terms

    def _pull(self, at):
        rows, goals, strength = self._retrofit
        loss = step_towards(
            self._state.reshape(len(self._state), 4, self._width),
            readonly(rows[at]),
            readonly(goals[at]),
            np.float32(strength),
            self._rate,
        )
        return loss, 0
