"""How far long work is: reported to whoever asks, shown as bars."""

# SPDX-License-Identifier: BSD-3-Clause

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

#: Called with what is done, how much of it, and of how much, which may be None.
Report = Callable[[str, int, int | None], object]

#: Seconds between two drawings.
_REDRAWN_AFTER = 0.1

#: Those who ask; the last one is told.
_reports: list[Report] = []


class _Followed(threading.local):
    """Whether this thread is within work that is followed already."""

    now = False


_followed = _Followed()


@contextmanager
def show_progress(report: Report | None = None) -> Iterator[None]:
    """Show how far documents and epochs are, in a terminal or notebook.

    Within the ``with`` block, whatever reads documents tells how many it has read, be
    it tokenising, `fit`, `transform` or `predict`, `transform` and its like also on a
    `TokenizedDocuments`; and training tells of its epochs.  Work of the same kind that
    comes later takes the bar of the one before, so that a search needs few of them.
    The results are the same, bit for bit.

    Parameters
    ----------
    report : callable or None, default=None
        ``report(work, done, total)`` is called instead of drawing: `work` is a str,
        `done` and `total` count documents or epochs, and `total` is None where it is
        not known, as of a generator.  None: bars are drawn, which needs
        ``pip install sklearn-embed[progress]``.

    Yields
    ------
    None

    Raises
    ------
    ImportError
        If bars are to be drawn without rich.

    Notes
    -----
    Of this process alone: the workers of a search with `n_jobs` or on a cluster tell
    nothing.  For these there are scikit-learn's own callbacks, from its version 1.9
    on, such as ``search.set_callbacks(sklearn.callback.ProgressBar())``.

    Examples
    --------
    >>> from sklearn_embed import Word2VecVectorizer, show_progress
    >>> with show_progress(print):
    ...     model = Word2VecVectorizer(4, epochs=2).fit(["the cat sat"] * 200)
    documents 0 200
    documents 200 200
    epochs of Word2VecVectorizer 0 2
    epochs of Word2VecVectorizer 1 2
    epochs of Word2VecVectorizer 2 2
    """
    if report is not None:
        yield from _told(report)
        return
    bars = _Bars()
    with bars.progress:
        yield from _told(bars)


def _told(report):
    """Yield once, meanwhile telling somebody."""
    _reports.append(report)
    try:
        yield
    finally:
        _reports.remove(report)


def is_followed() -> bool:
    """Tell whether work that begins now in this thread is to be reported."""
    return bool(_reports) and not _followed.now


def tell(work: str, done: int, total: int | None) -> None:
    """Report how far something is, if anybody asks."""
    if is_followed():
        _reports[-1](work, done, total)


def follow(
    parts: Iterable[Any], size: Callable[[Any], int], work: str, total: int | None
) -> Iterator[Any]:
    """Yield parts, and tell of each when it is done: when the next one is asked for.

    What is within, in the same thread, is not told.
    """
    if not is_followed():
        yield from parts
        return
    report, done = _reports[-1], 0
    _followed.now = True
    try:
        report(work, 0, total)
        for part in parts:
            yield part
            done += size(part)
            report(work, done, total)
    finally:
        _followed.now = False


class _Bars:
    """Draws a bar for each kind of work."""

    def __init__(self):
        try:
            from rich import progress
        except ImportError as error:
            raise ImportError(
                "Bars need rich: pip install sklearn-embed[progress], or give "
                "show_progress a function that is called instead."
            ) from error
        # Drawn by whoever reports: a thread that draws would outlive an interrupt.
        self.progress = progress.Progress(
            progress.TextColumn("{task.description}"),
            progress.BarColumn(),
            progress.MofNCompleteColumn(),
            progress.TimeElapsedColumn(),
            progress.TimeRemainingColumn(),
            auto_refresh=False,
        )
        self._tasks, self._drawn = {}, 0.0

    def __call__(self, work, done, total):
        """Draw how far something is, unless that was just done."""
        if work not in self._tasks:
            self._tasks[work] = self.progress.add_task(work, total=total)
        task, now = self._tasks[work], time.monotonic()
        if done == 0:
            self.progress.reset(task, total=total)
        self.progress.update(task, completed=done, total=total)
        if done == total or now - self._drawn > _REDRAWN_AFTER:
            self._drawn = now
            self.progress.refresh()
