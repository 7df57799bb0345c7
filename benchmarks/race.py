"""Contenders that take turns in one run, so that a noisy machine slows all alike.

A ratio is taken within its round; what is told of a contender is the median of its
ratios, with the smallest and the largest.
"""

# SPDX-License-Identifier: BSD-3-Clause

import time

import numpy as np


def take_turns(contenders, n_rounds, rng=None):
    """Call every contender once a round; return what each gave, round by round.

    Parameters
    ----------
    contenders : dict
        From name to a function of the number of the round.
    n_rounds : int
        Rounds.
    rng : numpy.random.Generator or None, default=None
        Draws another order for each round: some contenders leave the caches cold.
    """
    results = {name: [] for name in contenders}
    for k in range(n_rounds):
        names = list(contenders) if rng is None else rng.permutation(list(contenders))
        for name in names:
            results[name].append(contenders[name](k))
    return results


def timed(function):
    """Return a contender that gives the seconds that a function takes.

    A function that ran on a sample, or that leaves a part of its work out of account,
    returns its seconds itself, as a float.
    """

    def contender(_):
        start = time.perf_counter()
        result = function()
        spent = time.perf_counter() - start
        return result if isinstance(result, float) else spent

    return contender


def race(contenders, n_rounds, rng=None, warm=True):
    """Return the seconds of functions without arguments, round by round.

    Parameters
    ----------
    contenders : dict
        From name to function.
    n_rounds : int
        Rounds that count.
    rng : numpy.random.Generator or None, default=None
        Draws another order for each round.
    warm : bool, default=True
        Whether to call each once before, so that no compilation is measured.
    """
    if warm:
        for function in contenders.values():
            function()
    timers = {name: timed(function) for name, function in contenders.items()}
    times = take_turns(timers, n_rounds, rng)
    return {name: np.array(seconds) for name, seconds in times.items()}


def ratios(times):
    """Return the times in units of the first contender's, round by round."""
    first = next(iter(times.values()))
    return {name: np.array(seconds) / first for name, seconds in times.items()}


def spread(values, digits=2):
    """Return median, minimum and maximum as text."""
    low, middle, high = np.quantile(values, [0, 0.5, 1])
    return f"{middle:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def print_race(title, times, n_units, unit):
    """Print speeds, and each contender's time in units of the first one's."""
    print(f"  {title:50s} million {unit}/s    times the first one's time")
    for name, relative in ratios(times).items():
        speed = n_units / np.median(times[name]) / 1e6
        print(f"    {name:48s} {speed:16.3f}    {spread(relative)}", flush=True)
