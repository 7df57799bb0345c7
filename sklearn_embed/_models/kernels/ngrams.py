"""Count n-grams by sorting them, and merge what was counted apart.

Sizes: N the longest n-gram, T tokens of a stream, M distinct n-grams.  A table is M
rows of N ids, int32, and M counts, int64.  A row holds a word, the word before it, and
so on: the last word comes first.  Behind a mark of a beginning stands -1.  Rows rise,
compared column by column.
"""

# SPDX-License-Identifier: BSD-3-Clause

from sklearn_embed._core.compile import inlined, kernel

#: What stands in a row behind the mark of a beginning.
NOTHING = -1


@kernel(allocates=False)
def sort_positions(stream, n_before, order, spare, ends):
    """Sort positions by the word there, the word before it, and so on.

    A counting sort for each column, from the last one to the first: no two n-grams are
    compared.

    Parameters
    ----------
    stream : ndarray of shape (T,), int32
        Ids below ``len(ends) - 1``.
    n_before : int
        N - 1; positions before it are words before others only.
    order : ndarray of shape (T - n_before,), int32
        The positions, sorted.  Changed in place.
    spare : ndarray of shape (T - n_before,), int32
        Scratch buffer.
    ends : ndarray of shape (V + 3,), int64
        Scratch buffer.
    """
    n = len(order)
    source, target = order, spare
    if n_before % 2 == 0:  # after an odd number of passes the result is in `order`
        source, target = spare, order
    for i in range(n):
        source[i] = n_before + i
    for k in range(n_before, -1, -1):
        for w in range(len(ends)):
            ends[w] = 0
        for i in range(n):
            ends[stream[n_before + i - k] + 1] += 1
        for w in range(len(ends) - 1):
            ends[w + 1] += ends[w]
        for i in range(n):
            position = source[i]
            word = stream[position - k]
            target[ends[word]] = position
            ends[word] += 1
        source, target = target, source


@inlined
def same_ngram(stream, p, q, n_columns, mark):
    """Tell whether two positions have the same n-gram."""
    for k in range(n_columns):
        word = stream[p - k]
        if word != stream[q - k]:
            return False
        if k > 0 and word == mark:
            return True
    return True


@kernel(allocates=False)
def count_sorted(stream, order, mark, rows, counts):
    """Write the table of sorted positions; return its length.

    Parameters
    ----------
    stream : ndarray of shape (T,), int32
    order : ndarray, int32
        From `sort_positions`.
    mark : int
        Id of the mark of an end, which is that of a beginning.
    rows : ndarray of shape (n, N), int32
    counts : ndarray of shape (n,), int64
        As many as there are positions, or more.  Changed in place.
    """
    n, n_columns = 0, rows.shape[1]
    before = order[0] if len(order) else 0
    for i in range(len(order)):
        p = order[i]
        if n > 0 and same_ngram(stream, p, before, n_columns, mark):
            counts[n - 1] += 1
            continue
        ended = False
        for k in range(n_columns):
            word = stream[p - k]
            rows[n, k] = NOTHING if ended else word
            ended = ended or (k > 0 and word == mark)
        counts[n] = 1
        n += 1
        before = p
    return n


@inlined
def compared(rows, i, others, j):
    """Return whether a row comes before another (-1), after it (1), or is it (0)."""
    for k in range(rows.shape[1]):
        a, b = rows[i, k], others[j, k]
        if a != b:
            return -1 if a < b else 1
    return 0


@kernel(allocates=False)
def merge_tables(first, i, second, j, rows, counts):
    """Merge two tables as far as there is space; return how far that was.

    Parameters
    ----------
    first, second : tuple of ndarray
        Rows and counts of two tables.
    i, j : int
        Where to begin in each.
    rows : ndarray of shape (n, N), int32
    counts : ndarray of shape (n,), int64
        The merged rows.  Changed in place.

    Returns
    -------
    i, j, n : int
        Where to go on, and how many rows were written.
    """
    first_rows, first_counts = first
    second_rows, second_counts = second
    n = 0
    while n < len(counts) and (i < len(first_rows) or j < len(second_rows)):
        if i == len(first_rows):
            which = 1
        elif j == len(second_rows):
            which = -1
        else:
            which = compared(first_rows, i, second_rows, j)
        count = 0
        if which <= 0:
            for k in range(rows.shape[1]):
                rows[n, k] = first_rows[i, k]
            count += first_counts[i]
            i += 1
        if which >= 0:
            for k in range(rows.shape[1]):
                rows[n, k] = second_rows[j, k]
            count += second_counts[j]
            j += 1
        counts[n] = count
        n += 1
    return i, j, n


@kernel(allocates=False)
def wrong_row(rows, mark):
    """Return the number of the first row that no table has there, or -1.

    Parameters
    ----------
    rows : ndarray of shape (M, N), int32
    mark : int
        Id of the mark, which is the highest id.
    """
    for i in range(len(rows)):
        ended = False
        for k in range(rows.shape[1]):
            word = rows[i, k]
            if ended:
                if word != NOTHING:
                    return i
            elif word < 0 or word > mark:
                return i
            ended = ended or (k > 0 and word == mark)
        if i > 0 and compared(rows, i - 1, rows, i) >= 0:
            return i
    return -1
