"""The life of a training run: epochs, threads, callbacks, early stopping, Ctrl-C."""

# SPDX-License-Identifier: BSD-3-Clause

import math
from abc import ABC, abstractmethod
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from functools import partial
from itertools import islice

from joblib import effective_n_jobs

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # scikit-learn < 1.9 has no callbacks

    class CallbackSupportMixin:
        """Stand-in for scikit-learn's mixin of the same name."""

    def with_callbacks(method):
        """Return the method as it is."""
        return method


class Job(ABC):
    """What an estimator hands over to be trained, one epoch after the other.

    Its tasks are calls into kernels
    that release the GIL, each short enough (a fifth of a second) that Ctrl-C gets
    its turn.
    """

    @abstractmethod
    def phases(self, epoch):
        """Yield lists of tasks; tasks of one phase may run at the same time.

        A task is a callable without arguments that returns ``(loss, n_terms)``:
        a sum of losses in float64, and how many predictions it is made of.
        """

    @abstractmethod
    def validation_phases(self):
        """Yield phases as above that only measure the loss of held-out documents."""


class KeepingJob(Job):
    """A job some of whose rows do not change in the end.

    Parameters
    ----------
    job : Job
        What is trained, these rows included.
    put_back : callable
        Overwrites the rows with what they shall be.
    often : bool
        Whether that is done after each task, too, and not only after an epoch.
    """

    def __init__(self, job, put_back, often):
        self._job, self._put_back, self._often = job, put_back, often

    def phases(self, epoch):
        """Yield the phases of the job, and one more in which rows are put back."""
        for tasks in self._job.phases(epoch):
            yield (partial(self._run, task) for task in tasks) if self._often else tasks
        # Now nothing else writes to them.
        yield [self._finish]

    def validation_phases(self):
        """Yield those of the job; adding 0 to a row may have made -0.0 0.0."""
        yield from self._job.validation_phases()
        yield [self._finish]

    def _run(self, task):
        result = task()
        self._put_back()
        return result

    def _finish(self):
        self._put_back()
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
        """Take note of an epoch's loss and say whether it was the last."""
        self.waited = 0 if loss < self.best - self.tol else self.waited + 1
        self.best = min(self.best, loss)
        return self.waited >= self.patience


class Watch:
    """Tells scikit-learn's callbacks, and whoever asked for ``verbose``, of epochs.

    Parameters
    ----------
    estimator : estimator
        Whose fit this is.
    X : object
        What it was given.
    n_epochs : int
        How many epochs there will be, at most.
    attributes : callable
        Gives the attributes of an estimator whose fit ended here.
    """

    def __init__(self, estimator, X, n_epochs, attributes):
        self._estimator, self._X, self._attributes = estimator, X, attributes
        self._context = self._epoch = None
        if hasattr(estimator, "_init_callback_context"):
            self._context = estimator._init_callback_context(max_subtasks=n_epochs)
            self._context.call_on_fit_task_begin(estimator=estimator, X=X)

    def epoch_begins(self):
        """Open an epoch."""
        if self._context is not None:
            self._epoch = self._context.subcontext(task_name="epoch")
            self._epoch.call_on_fit_task_begin(estimator=self._estimator, X=self._X)

    def epoch_ends(self, number, losses):
        """Close an epoch; return whether a callback asks to stop."""
        if self._estimator.verbose:
            shown = ", ".join(f"{name} {loss:.6f}" for name, loss in losses.items())
            name = type(self._estimator).__name__
            print(f"[{name}] epoch {number + 1}: {shown}", flush=True)
        if self._epoch is None:
            return False
        return self._epoch.call_on_fit_task_end(
            estimator=self._estimator,
            X=self._X,
            metadata=losses,
            reconstruction_attributes=self._attributes,
        )

    def fit_ends(self):
        """Close the whole."""
        if self._context is not None:
            self._context.call_on_fit_task_end(
                estimator=self._estimator,
                X=self._X,
                reconstruction_attributes=self._attributes,
            )


def fit_inside(estimator, inner, X, y):
    """Fit an estimator held by another one; callbacks reach into it.

    Parameters
    ----------
    estimator : estimator
        The outer one, whose fit this is.
    inner : estimator
        The one to fit.
    X, y : object
        What to fit it on.

    Returns
    -------
    estimator
        ``inner``, fitted.
    """
    if not hasattr(estimator, "_init_callback_context"):
        return inner.fit(X, y)
    told = {"estimator": estimator, "X": X, "y": y}
    context = estimator._init_callback_context(max_subtasks=1)
    context.call_on_fit_task_begin(**told)
    task = context.subcontext(task_name=f"fit-{type(inner).__name__}")
    with task.propagate_callback_context(inner):
        task.call_on_fit_task_begin(**told)
        inner.fit(X, y)
        task.call_on_fit_task_end(**told)
    context.call_on_fit_task_end(**told)
    return inner


def train(job, epochs, n_jobs, watch, stopping=None, validate=False):
    """Run epochs until they are over, or until somebody says stop.

    Parameters
    ----------
    job : Job
        What to train.
    epochs : range
        Numbers of the epochs to run.
    n_jobs : int or None
        Threads, as joblib counts them.
    watch : Watch
        Whom to tell.
    stopping : EarlyStopping or None
        Judge of the held-out loss.
    validate : bool
        Whether to measure the held-out loss.

    Yields
    ------
    loss, validation_loss : float
        Mean losses of an epoch, before anybody is told; the second is None without
        ``validate``.

    Raises
    ------
    FloatingPointError
        If a loss is not finite.
    """
    with Threads(n_jobs) as threads:
        for epoch in epochs:
            watch.epoch_begins()
            seen = {"loss": threads.mean_loss(job.phases(epoch))}
            if validate:
                loss = threads.mean_loss(job.validation_phases())
                seen["validation_loss"] = loss
            if not all(map(math.isfinite, seen.values())):
                raise FloatingPointError(
                    f"Training diverged: the loss of epoch {epoch + 1} is "
                    f"{seen['loss']}. Lower learning_rate."
                )
            yield seen["loss"], seen.get("validation_loss")
            stop = watch.epoch_ends(epoch, seen)
            if stopping is not None:
                stop |= stopping.should_stop(seen["validation_loss"])
            if stop:
                break
    watch.fit_ends()


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
