"""The input vectors around a word, and their mean.

Where a word has one row, they are rows of the matrix, or their replicas; where it has
a bag of them, they are means in a cache.

Sizes: D columns (a multiple of 16), m words of a context.
"""

# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from sklearn_embed._core import simd
from sklearn_embed._core.compile import inlined
from sklearn_embed._models.kernels.bags import flush_means, load_mean, prefetch_bag
from sklearn_embed._models.kernels.replicas import (
    copy_to_replicas,
    merge_all,
    prefetch_row,
)
from sklearn_embed._models.kernels.windows import STEADY


class Inputs(NamedTuple):
    """Functions that kernels of one kind of input call."""

    begin: Callable  # (work) -> None: before a range of positions
    list_context: Callable  # list where the vectors around a word begin
    average: Callable  # write their mean to hidden
    end: Callable  # after a range of positions: inputs are all that was learnt


@inlined
def begin_rows(work):
    """Let the replicas equal the shared rows, in place."""
    copy_to_replicas(work.inputs)


@inlined
def end_rows(settings, bags, work, stop):
    """Merge the replicas into the shared rows, in place."""
    merge_all(work.inputs)


@inlined
def begin_means(work):
    """Let the cache be empty: all is flushed before word number 0."""
    work.cache.flushed[0], work.cache.flushed[1] = 0, -1


@inlined
def end_means(settings, bags, work, stop):
    """Flush the means of all words before number ``stop``, in place."""
    flush_means(work.inputs, bags, work.cache, stop, settings.learn)


@inlined
def list_rows(settings, bags, work, i, base):
    """List where the rows of the words around word i begin; return their number.

    Changes work.context in place.
    """
    buffer, context, window = work.buffer, work.context, settings.window
    before = np.int64(buffer.before[i])
    # A whole window each time: loops as long as chance has it are mispredicted.
    for k in range(window):
        context[k] = buffer.offsets[i - before + k]
    for k in range(window):
        context[before + k] = buffer.offsets[i + 1 + k]
    m = before + buffer.after[i]
    context[m] = context[m - 1]  # an odd one finds itself beside it
    prefetch_row(work.inputs, buffer.offsets[i + window + 1])
    return m


@inlined
def list_means(settings, bags, work, i, base):
    """List where the means of the words around word i are; return their number.

    ``base`` is the number of the buffer's first word.  Means that no window will
    reach are flushed, others loaded.  Changes inputs, cache and context in place.
    """
    buffer, context, cache = work.buffer, work.context, work.cache
    width, window, number = work.inputs.width, settings.window, base + i
    # All are flushed where the positions begin another stretch: a cut there
    # changes nothing.
    stop, stretch = number - window, buffer.positions[i] // STEADY
    if stretch != cache.flushed[1]:
        stop = number + window + 1
    flush_means(work.inputs, bags, cache, stop, settings.learn)
    cache.flushed[0], cache.flushed[1] = number - window, stretch
    m, mask = 0, len(cache.sizes) - 1
    for j in range(i - buffer.before[i], i + buffer.after[i] + 1):
        if j == i:
            continue
        slot = (base + j) & mask
        if cache.sizes[slot] == 0:
            load_mean(work.inputs, bags, buffer.rows[j], slot, cache)
        cache.slots[m], context[m] = slot, slot * width
        m += 1
    context[m] = context[m - 1]  # an odd one finds itself beside it
    prefetch_bag(work.inputs, bags, buffer.rows[i + window + 1])
    return m


@inlined
def average_rows(work, m, mean):
    """Write the mean or the sum of m input rows to hidden; return their number."""
    values, hidden, context = work.inputs.values, work.hidden, work.context
    width = work.inputs.width
    scale = simd.fill(np.float32(1) / np.float32(m if mean else 1))
    for d in range(0, (width >> 4) << 4, simd.WIDTH):
        h = simd.load(values, context[0] + d)
        for j in range(1, m):
            h = simd.add(h, simd.load(values, context[j] + d))
        h = simd.multiply(h, scale)
        simd.store(hidden, d, h)
        simd.store(hidden, width + d, h)
    return np.float32(m)


@inlined
def average_means(work, m, mean):
    """Write the mean or the sum of all rows of m bags to hidden; return their number.

    Changes hidden in place.
    """
    cache, hidden, context = work.cache, work.hidden, work.context
    width, total = work.inputs.width, np.float32(0)
    for j in range(m):
        total += cache.sizes[cache.slots[j]]
    for j in range(m):
        part = np.float32(1) if not mean else total
        cache.shares[j] = cache.sizes[cache.slots[j]] / part
    for d in range(0, (width >> 4) << 4, simd.WIDTH):
        h = simd.fill(np.float32(0))
        for j in range(m):
            share = simd.fill(cache.shares[j])
            h = simd.add_product(h, simd.load(cache.means, context[j] + d), share)
        simd.store(hidden, d, h)
        simd.store(hidden, width + d, h)
    return total


@inlined
def spread(work, m, part):
    """Move m input vectors by a part of what hidden has moved, in place.

    As in gensim, each takes the whole step of the mean, but of the step of a sum as
    little as it has summands; the hidden vector moves by its own step either way.
    """
    hidden, context, width = work.hidden, work.context, work.inputs.width
    vectors, factor = work.vectors, simd.fill(part)
    for d in range(0, (width >> 4) << 4, simd.WIDTH):
        h, start = simd.load(hidden, d), simd.load(hidden, width + d)
        step = simd.multiply(simd.subtract(h, start), factor)
        for j in range(m):
            x = simd.load(vectors, context[j] + d)
            simd.store(vectors, context[j] + d, simd.add(x, step))


#: What a word is: one row, or a bag of them.
ROWS = Inputs(begin_rows, list_rows, average_rows, end_rows)
BAGS = Inputs(begin_means, list_means, average_means, end_means)
