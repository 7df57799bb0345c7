"""How a training run goes: epochs, threads, early stopping, who is told."""

# SPDX-License-Identifier: BSD-3-Clause

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from sklearn_embed._core.threads import n_threads, run_phases

#: Tasks begun before the first result is used, for each thread: a result is small, and
#: no thread has to wait for another one that the system lets rest.
AHEAD = 16

#: A mean loss above this, where one class or word is judged at a time, is divergence;
#: so is one that has grown by the same factor since the first epoch.
DIVERGED = 1e4

#: Below this no growth counts as divergence: a loss may have begun near 0.
HARMLESS = 100.0


class Schedule(NamedTuple):
    """How the learning rate falls: linearly, from the first to the last epoch."""

    learning_rate: float
    min_learning_rate: float
    n_epochs: int


class Data(NamedTuple):
    """What to learn from, and what to measure the loss on."""

    parts: list
    held_out: list


class Run(NamedTuple):
    """How parameters are trained."""

    seed: int  # of everything drawn
    schedule: Schedule
    n_jobs: int | None  # threads; None: one


class Task(NamedTuple):
    """A task that may not run at the same time as certain others: see `Job`."""

    call: Callable[[], tuple[float, int]]
    touches: frozenset

    def __call__(self):
        """Make the call."""
        return self.call()


def touched_by(task):
    """Return what a task changes, as far as it says so."""
    return getattr(task, "touches", ())


class Job(ABC):
    """What is to be trained, one epoch after the other.

    Its tasks are calls into kernels that release the GIL, each short enough (a fifth
    of a second) that Ctrl-C takes effect soon.

    Attributes
    ----------
    loss_limit : float
        A mean loss above it is divergence.
    needed : str
        What a document must have to be learned from, as messages name it.
    """

    loss_limit = DIVERGED
    needed = "two words of the vocabulary in one window"

    @abstractmethod
    def phases(self, epoch):
        """Yield lists of tasks; tasks of one phase may run at the same time.

        A task is a callable without arguments that returns ``(loss, n_terms)``:
        a sum of losses in float64, and how many predictions it is made of.  If it has
        an attribute ``touches``, a set, it runs after all earlier tasks of the phase
        that touch one of the same.
        """

    @abstractmethod
    def validation_phases(self):
        """Yield phases as above that only measure the loss of held-out documents."""


class FrozenRows(NamedTuple):
    """How rows that training must not move get their values back."""

    restore: Callable[[], None]
    often: bool  # after each task, too, and not only after an epoch


class FrozenRowsJob(Job):
    """A job some of whose rows have their first values again in the end.

    Parameters
    ----------
    job : Job
        What is trained, these rows included.
    frozen : FrozenRows
        What gives them back their values.
    """

    def __init__(self, job, frozen):
        self._job, (self._restore, self._often) = job, frozen
        self.loss_limit, self.needed = job.loss_limit, job.needed

    def phases(self, epoch):
        """Yield the phases of the job, and one more in which rows are put back."""
        for tasks in self._job.phases(epoch):
            yield map(self._restoring, tasks) if self._often else tasks
        # Now nothing else writes to them.
        yield [self._finish]

    def validation_phases(self):
        """Yield those of the job; adding 0 to a row may have made -0.0 0.0."""
        yield from self._job.validation_phases()
        yield [self._finish]

    def _restoring(self, task):
        return Task(partial(self._run, task), touched_by(task))

    def _run(self, task):
        result = task()
        self._restore()
        return result

    def _finish(self):
        self._restore()
        return 0.0, 0


class EarlyStopping:
    """Stops when the loss has not fallen by ``tol`` for some epochs.

    Parameters
    ----------
    n_iter_no_change : int
        Epochs to wait.
    tol : float
        What counts as a fall.
    """

    def __init__(self, n_iter_no_change, tol):
        self.patience, self.tol = n_iter_no_change, tol
        self.best, self.waited = math.inf, 0

    def should_stop(self, loss):
        """Take note of an epoch's loss and say whether it was the last.

        NaN, where nothing could be measured, is no reason to stop.
        """
        if math.isnan(loss):
            return False
        self.waited = 0 if loss < self.best - self.tol else self.waited + 1
        self.best = min(self.best, loss)
        return self.waited >= self.patience


def mean_loss(phases, n_jobs):
    """Run phases one after the other and return the mean loss of all tasks.

    It is NaN if there was nothing to predict, and infinite if a loss was not finite.

    Parameters
    ----------
    phases : iterable of iterable of callable
        As of a Job.
    n_jobs : int
        Threads.
    """
    total, n_terms = 0.0, 0
    results = run_phases(phases, n_jobs, touched_by, AHEAD)
    try:
        for loss, n in results:
            total, n_terms = total + loss, n_terms + n
    finally:
        results.close()
    if not math.isfinite(total):
        return math.inf
    return total / n_terms if n_terms else math.nan


def train(job, epochs, n_jobs, monitor, stopping=None, validate=False):
    """Run epochs until they are over, a callback stops them, or the loss stays.

    Parameters
    ----------
    job : Job
        What to train.
    epochs : range
        Numbers of the epochs to run.
    n_jobs : int or None
        Threads; None: one.
    monitor : TrainingMonitor
        Who is told of each epoch.
    stopping : EarlyStopping or None
        Judge of the held-out loss.
    validate : bool
        Whether to measure the held-out loss.

    Yields
    ------
    loss, validation_loss : float
        Mean losses of an epoch, before the monitor is told, NaN where there was
        nothing to predict; the second is None without ``validate``.

    Raises
    ------
    FloatingPointError
        If a loss is not finite, or has exploded.
    """
    n_jobs, most = n_threads(n_jobs), job.loss_limit
    for epoch in epochs:
        monitor.epoch_begins()
        seen = {"loss": mean_loss(job.phases(epoch), n_jobs)}
        if validate:
            loss = mean_loss(job.validation_phases(), n_jobs)
            seen["validation_loss"] = loss
        for name, loss in seen.items():
            if loss > most:
                raise FloatingPointError(
                    f"Training diverged: the {name.replace('_', ' ')} of epoch "
                    f"{epoch + 1} is {loss:.3g}. Lower learning_rate."
                )
        if seen["loss"] > 0:
            most = min(most, max(HARMLESS, DIVERGED * seen["loss"]))
        yield seen["loss"], seen.get("validation_loss")
        stop = monitor.epoch_ends(epoch, seen)
        if stopping is not None:
            stop |= stopping.should_stop(seen["validation_loss"])
        if stop:
            break
    monitor.fit_ends()
