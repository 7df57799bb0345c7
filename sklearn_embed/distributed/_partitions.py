"""Partitions of Dask's collections, and sums over them."""

# SPDX-License-Identifier: BSD-3-Clause

from collections import defaultdict
from contextlib import contextmanager, suppress

from sklearn_embed._text.tokenized import TokenizedDocuments
from sklearn_embed._text.tokenized import tokenize as _tokenize

#: Results that are counted together, and tables that are added up at once, at most.
SUMMANDS = 8


def partitions_of(collection):
    """Return a list of dask.delayed: the documents of each partition."""
    import dask

    if not _has_partitions(collection):
        remedy = "give the estimator itself what is in memory"
        if dask.is_dask_collection(collection):
            remedy = "such as dask.bag.from_delayed and to_series make"
        raise TypeError(
            "collection must be a bag, Series, DataFrame or array of Dask's, not "
            f"{type(collection).__name__}: {remedy}."
        )
    if getattr(collection, "ndim", 1) == 2 and collection.shape[1] != 1:
        raise ValueError(
            f"collection has {collection.shape[1]} columns: give one of them, such as "
            "collection['text']."
        )
    delayed = collection.to_delayed()
    return delayed.ravel().tolist() if hasattr(delayed, "ravel") else list(delayed)


def _has_partitions(collection):
    """Tell whether something is of one of the four kinds of collections."""
    import dask
    from dask.delayed import Delayed

    # A Delayed says that it has any attribute.
    if not dask.is_dask_collection(collection) or isinstance(collection, Delayed):
        return False
    if hasattr(collection, "divisions") and not hasattr(collection._meta, "index"):
        return False  # an index, or a number made of a column
    return hasattr(collection, "npartitions") and getattr(collection, "ndim", 1) > 0


def text_options(parameters):
    """Return the TextOptions of parameters of `TokenizedDocuments.from_documents`."""
    for name in ("max_vocab_size", "n_jobs"):
        if name in parameters:
            raise TypeError(
                f"{name} does not go with partitions, which are counted exactly and "
                "on one thread each: leave it out."
            )
    return TokenizedDocuments.from_documents([], **parameters).options


def tokenized(part, options):
    """Return the documents of one partition as a TokenizedDocuments."""
    return _tokenize(part, options, name="a partition of collection")


def tables_of(parts, count, add):
    """Return tables that hold together what all partitions do.

    On a cluster, what lies on one worker is counted, and added up, there: one table of
    each worker is moved.  Elsewhere neighbours are counted together.

    Parameters
    ----------
    parts : list of dask.delayed
        At least one.
    count : callable
        Makes a table of the results of up to `SUMMANDS` of them.
    add : callable
        Makes a table of up to `SUMMANDS` tables, or of the few of one worker.

    Returns
    -------
    list
        At most `SUMMANDS` tables.
    """
    import dask
    from dask.system import CPU_COUNT

    if not parts:
        raise ValueError("collection has no partition.")
    client = _client()
    if client is None:
        n_threads = dask.config.get("num_workers", None) or CPU_COUNT
    else:
        n_threads = sum(client.nthreads().values())
    # Each thread is to have something to count.
    size = min(-(-len(parts) // max(n_threads, 1)), SUMMANDS)
    if client is not None:
        with _away():
            return _LocalSums(client, count, add, size).of(parts)
    tables = [dask.delayed(count)(group) for group in _groups(parts, size)]
    while len(tables) > SUMMANDS:
        tables = [dask.delayed(add)(group) for group in _groups(tables, SUMMANDS)]
    return dask.compute(tables)[0]


@contextmanager
def _away():
    """Leave a worker's threads to others meanwhile, if this is one of its tasks."""
    from distributed import rejoin, secede

    seceded = False
    with suppress(ValueError, AttributeError, KeyError):  # as nothing else tells
        secede()
        seceded = True
    try:
        yield
    finally:
        if seceded:
            rejoin()


def _groups(items, size):
    """Return neighbours in lists."""
    return [items[first : first + size] for first in range(0, len(items), size)]


class _LocalSums:
    """Counts and adds up what lies on one worker, as soon as there is enough of it.

    Which worker that is nobody says before: Dask's scheduler gives partitions to
    whoever is free, and workers may come and go.

    Parameters
    ----------
    client : distributed.Client
        Of the cluster.
    count, add : callable
        As in `tables_of`.
    size : int
        Results that are counted together.
    """

    def __init__(self, client, count, add, size):
        self._client, self._size = client, size
        self._count, self._add = count, add
        self._under_way = None
        self._levels = {}  # of tables, by key
        # By level, 0 for results, and worker.
        self._waiting = defaultdict(list)

    def of(self, parts):
        """Return at most `SUMMANDS` tables of dask.delayed."""
        from distributed import as_completed

        # Nothing here keeps the results that are not needed any more.
        self._under_way = as_completed(self._client.compute(parts))
        while True:
            for batch in self._under_way.batches():
                self._take(batch)
            tables = self._rest()
            if tables is not None:
                return self._client.gather(tables)

    def _take(self, batch):
        """Put what is finished to others on the same worker."""
        held = self._client.who_has(batch)
        for future in batch:
            if future.status != "finished":
                future.result()  # raises the error; waits if a worker was lost
            level = self._levels.pop(future.key, 0)
            # In more than one place: where most of the others are.
            workers = held.get(future.key) or ("",)
            place = max(workers, key=lambda one: len(self._waiting[level, one]))
            self._waiting[level, place].append(future)
            if len(self._waiting[level, place]) == (SUMMANDS if level else self._size):
                self._submit(level, self._waiting.pop((level, place)))

    def _submit(self, level, group):
        """Make a table of futures."""
        # Before partitions that wait, so that what it takes can go.
        future = self._client.submit(
            self._add if level else self._count, group, pure=False, priority=level + 1
        )
        self._levels[future.key] = level + 1
        self._under_way.add(future)

    def _rest(self):
        """Make tables of what is left, nearest first; return them if they are few."""
        waiting = {where: group for where, group in self._waiting.items() if group}
        self._waiting.clear()
        counted = [group for (level, _), group in waiting.items() if level == 0]
        if counted:
            for group in counted:
                self._submit(0, group)
            self._waiting.update({w: g for w, g in waiting.items() if w[0]})
            return None
        tables = [table for group in waiting.values() for table in group]
        if len(tables) <= SUMMANDS:
            return tables
        by_worker = defaultdict(list)
        for (_, worker), group in waiting.items():
            by_worker[worker] += group
        top = max(level for level, _ in waiting)
        groups = [group for group in by_worker.values() if len(group) > 1]
        if groups:
            for worker, group in by_worker.items():
                if len(group) == 1:
                    self._waiting[top, worker] = group
        else:
            groups = _groups(tables, SUMMANDS)
        for group in groups:
            self._submit(top, group)
        return None


def everywhere(value):
    """Return something to be an argument of many tasks, sent to a worker once.

    With a cluster it is scattered; else it is one node of the graph.
    """
    import dask

    client = _client()
    if client is None:
        return dask.delayed(value, pure=True, traverse=False)
    if not client.nthreads():  # nobody to send it to yet
        return client.submit(_same, value, pure=False)
    # Of a list, so that a tuple is one value and not as many as it has elements.
    # A key of its own: one made of the content would be forgotten with whatever else
    # has it, even if that is just being let go.
    return client.scatter([value], broadcast=True, hash=False)[0]


def _same(value):
    return value


def _client():
    """Return the client of a cluster that Dask would use now, or None."""
    import dask.base

    get = dask.base.get_scheduler()
    client = getattr(get, "__self__", None)
    return client if hasattr(client, "scatter") else None
