"""The ARPA format of n-gram models: a text file that every toolkit reads and writes."""

# SPDX-License-Identifier: BSD-3-Clause

import math
import re
from itertools import islice
from typing import NamedTuple

import numpy as np

from sklearn_embed._core.arrays import readonly
from sklearn_embed._core.growing import Growing
from sklearn_embed._files.atomic import replacing
from sklearn_embed._files.opening import opened
from sklearn_embed._models.kernels.backoff import Tree, back_off
from sklearn_embed._models.ngram_counts import MOST_WORDS
from sklearn_embed._models.ngram_lm import LEAST_LOG, BackoffModel
from sklearn_embed._models.sequences import BEGIN, END, UNKNOWN

_AT_ONCE = 1 << 15
_LONGEST_LINE = 1 << 20
_COUNT = re.compile(rb"ngram\s+(\d{1,3})\s*=\s*(\d{1,18})")
_SECTION = re.compile(rb"\\(\d{1,3})-grams:")
#: Of a word that cannot stand in a line: what lines are cut at.
_BLANK = re.compile(r"[\t\n\v\f\r ]")
_LOG10 = math.log(10)
_DAMAGED = "The file is damaged, or no ARPA file; write or fetch it anew"


def write(path, model, words):
    """Write a model, whole or not at all; see `replacing`.

    Parameters
    ----------
    path : str or path
        The file.
    model : BackoffModel
        The model.
    words : list of str
        Its words.
    """
    wrong = next((w for w in words if not w or _BLANK.search(w)), None)
    if wrong is not None:
        raise ValueError(
            f"the word {wrong!r} cannot be written: ARPA files separate words by "
            "blanks."
        )
    names = [*words, UNKNOWN]
    bounds = model.bounds
    with replacing(path) as stream:

        def put(text):
            stream.write(text.encode("utf-8", "surrogatepass"))

        sizes = np.diff(bounds)
        sizes[0] += 1  # the mark is two words
        put("\\data\\\n")
        for k, size in enumerate(sizes.tolist(), 1):
            put(f"ngram {k}={size}\n")
        for level in range(model.order):
            put(f"\n\\{level + 1}-grams:\n")
            for lines in _lines_of_level(model, names, bounds, level):
                put(lines)
        put("\n\\end\\\n")


def _lines_of_level(model, names, bounds, level):
    """Yield the lines of all n-grams of one length, some at a time."""
    mark = bounds[1] - 1
    for first in range(bounds[level], bounds[level + 1], _AT_ONCE):
        nodes = np.arange(first, min(first + _AT_ONCE, bounds[level + 1]))
        columns = _paths(model, bounds, level, nodes)
        # So many digits that reading gives the same float32 again.
        numbers = (model.log_probas[nodes].astype(np.float64) / _LOG10).tolist()
        factors = None
        if level < model.order - 1:
            factors = model.log_backoffs[nodes].astype(np.float64) / _LOG10
        # Of one word, the mark is that of an end; a line of a beginning follows.
        texts = [
            [names[w] if w < mark else (BEGIN if n < level else END) for w in column]
            for n, column in enumerate(columns)
        ]
        lines = []
        for i, ngram in enumerate(zip(*texts, strict=True)):
            line = f"{numbers[i]:.9g}\t{' '.join(ngram)}"
            if factors is not None and columns[-1][i] != mark:
                line += f"\t{factors[i]:.9g}"
            lines.append(line)
            if level == 0 and columns[0][i] == mark:
                ending = "" if factors is None else f"\t{factors[i]:.9g}"
                lines.append(f"-99\t{BEGIN}{ending}")
        yield "\n".join(lines) + "\n"


def _paths(model, bounds, level, nodes):
    """Return the words of some nodes of a level, the first ones first; lists."""
    columns = []
    for k in range(level, -1, -1):
        columns.append(model.words[nodes].tolist())
        if k:
            begins = model.children[bounds[k - 1] : bounds[k]]
            # The last node whose children begin no later has it as a child.
            nodes = bounds[k - 1] + np.searchsorted(begins, nodes, side="right") - 1
    return columns


class _Ngrams(NamedTuple):
    """N-grams of one length, as a file lists them."""

    rows: np.ndarray  # (n, k) int32: the last word first
    log_proba: np.ndarray  # (n,) float32
    log_backoff: np.ndarray  # (n,) float32


def read(path):
    """Read a model.

    Parameters
    ----------
    path : str, path or binary file
        The file; it may be compressed.

    Returns
    -------
    words : list of str
        In the order of the file, without the marks.
    model : BackoffModel
        The model.

    Raises
    ------
    VectorFileError
        If it is not an ARPA file, or a damaged one.
    """
    with opened(path) as source:
        lines = _Lines(source)
        counts = _read_counts(lines)
        words, levels = None, []
        for k, count in enumerate(counts, 1):
            lines.expect_section(k)
            entries = _entries(lines, k, k < len(counts))
            if k == 1:
                words, index, first = _read_words(lines, entries, count)
                levels.append(first)
            else:
                levels.append(_read_ngrams(lines, entries, (k, count), index))
        if lines.pending != b"\\end\\":
            raise lines.error("the mark \\end\\ is missing")
    return words, _model(levels, lines)


class _Lines:
    """The lines of a source, one by one, none of them too long."""

    def __init__(self, source):
        self._source, self._rest, self._found = source, b"", iter(())
        self.pending = None  # the line after those of a section
        self._ended = False

    def error(self, problem):
        """Build the error for this place."""
        return self._source.error(problem, _DAMAGED)

    def __iter__(self):
        return self

    def __next__(self):
        """Return the next line that is not blank, without what surrounds it."""
        while True:
            for line in self._found:
                if line := line.strip():
                    return line
            if self._ended:
                raise StopIteration
            data = self._source.read(1 << 20)
            self._ended = not data
            parts = (self._rest + data).split(b"\n")
            self._rest = b"" if self._ended else parts.pop()
            if max(map(len, [self._rest, *parts])) > _LONGEST_LINE:
                raise self.error(f"a line is longer than {_LONGEST_LINE} bytes")
            self._found = iter(parts)

    def expect_section(self, k):
        """Refuse anything but the beginning of the n-grams of k words."""
        found = _SECTION.fullmatch(self.pending or b"")
        if found is None or int(found[1]) != k:
            there = (self.pending or b"the end")[:40]
            raise self.error(f"\\{k}-grams: is missing, {there!r} is there")
        self.pending = None

    def section(self):
        """Yield lines up to the beginning of the next section."""
        for line in self:
            if line.startswith(b"\\") and (
                line == b"\\end\\" or _SECTION.fullmatch(line)
            ):
                self.pending = line
                return
            yield line


def _read_counts(lines):
    """Return how many n-grams of each length the file promises."""
    if not any(line == b"\\data\\" for line in lines):
        raise lines.error("there is no line \\data\\")
    counts = []
    for line in lines.section():
        found = _COUNT.fullmatch(line)
        if found is None or int(found[1]) != len(counts) + 1:
            raise lines.error(f"{line[:40]!r} is not 'ngram {len(counts) + 1}=…'")
        counts.append(int(found[2]))
    if not 1 <= len(counts) <= MOST_WORDS:
        raise lines.error(
            f"n-grams of up to {len(counts)} words are promised, not 1 to {MOST_WORDS}"
        )
    return counts


def _entries(lines, k, has_factors):
    """Yield (log-probability, words, log of the factor) of each line of a section."""
    for line in lines.section():
        fields = line.split()
        if not k + 1 <= len(fields) <= k + 1 + has_factors:
            raise lines.error(f"{line[:60]!r} is no n-gram of {k} words")
        try:
            numbers = float(fields[0]), float(fields[k + 1] if fields[k + 1 :] else 0)
        except ValueError:
            raise lines.error(f"{line[:60]!r} has no number in its place") from None
        # Rounding may have made a probability a little more than 1.
        if not (-1e30 < numbers[0] <= 1e-4 and abs(numbers[1]) < 1e30):
            raise lines.error(f"{line[:60]!r} has a number out of range")
        yield numbers[0], fields[1 : k + 1], numbers[1]


def _logarithms(numbers):
    """Return common logarithms as natural ones, float32 within bounds."""
    return np.clip(np.array(numbers) * _LOG10, LEAST_LOG, -LEAST_LOG).astype(np.float32)


def _read_words(lines, entries, count):
    """Return words, their ids by their bytes, and `_Ngrams` of all ids."""
    found = {}
    for proba, (word,), factor in entries:
        if word in found:
            raise lines.error(f"the word {word[:40]!r} stands there twice")
        found[word] = proba, factor
    _check_number(lines, 1, count, len(found))
    mark, begin, unknown = (name.encode() for name in (END, BEGIN, UNKNOWN))
    least = LEAST_LOG / _LOG10, 0.0
    other = found.pop(b"<UNK>", least) if unknown not in found else least
    marks = found.pop(unknown, other), found.pop(mark, least)
    begins = found.pop(begin, least)
    names = list(found)
    try:
        words = [str(name, "utf-8", "surrogatepass") for name in names]
    except UnicodeDecodeError as error:
        raise lines.error(f"a word is not UTF-8: {error}") from error
    numbers = [*found.values(), marks[0], (marks[1][0], begins[1])]
    index = {name: n for n, name in enumerate(names)}
    n = len(names)
    index |= {unknown: n, b"<UNK>": index.get(b"<UNK>", n), mark: n + 1, begin: n + 2}
    log_proba, log_backoff = map(_logarithms, zip(*numbers, strict=True))
    rows = np.arange(n + 2, dtype=np.int32)[:, None]
    return words, index, _Ngrams(rows, np.minimum(log_proba, 0), log_backoff)


def _read_ngrams(lines, entries, promised, index):
    """Return the `_Ngrams` of a section."""
    k, count = promised
    begin = max(index.values())
    mark = begin - 1
    ids, probas, factors = Growing(np.int32), Growing(np.float32), Growing(np.float32)
    while some := list(islice(entries, _AT_ONCE)):
        try:
            flat = [index[word] for _, ngram, _ in some for word in reversed(ngram)]
        except KeyError as error:
            word = error.args[0][:40]
            raise lines.error(f"{word!r} is not among the words") from None
        rows = np.array(flat, np.int32).reshape(-1, k)
        if (rows[:, :-1] == begin).any() or (rows[:, 1:] == mark).any():
            raise lines.error(f"an n-gram has {BEGIN} or {END} in a wrong place")
        rows[rows == begin] = mark
        ids.append(rows.ravel())
        probas.append(np.minimum(_logarithms([e[0] for e in some]), 0))
        factors.append(_logarithms([e[2] for e in some]))
    rows = ids.result().reshape(-1, k)
    _check_number(lines, k, count, len(rows))
    order = np.lexsort(rows.T[::-1])
    rows = rows[order]
    if (rows[1:] == rows[:-1]).all(axis=1).any():
        raise lines.error(f"an n-gram of {k} words stands there twice")
    return _Ngrams(rows, probas.result()[order], factors.result()[order])


def _check_number(lines, k, count, found):
    if count != found:
        raise lines.error(f"{count} n-grams of {k} words are promised, {found} there")


def _model(levels, lines):
    """Return the BackoffModel of `_Ngrams` of each length."""
    order, below = len(levels), None
    starts, blanks = [None] * order, [None] * order
    for level in range(order - 1, -1, -1):
        levels[level], blanks[level], sizes = _with_parents(levels[level], below)
        starts[level], below = sizes, levels[level].rows
    bounds = [0, *np.cumsum([len(one.rows) for one in levels]).tolist()]
    if bounds[-1] >= 2**31 - 1:
        raise lines.error(f"{bounds[-1]} n-grams are more than fit")
    children = [np.array([bounds[1]])]
    for level in range(order - 1):
        children.append(bounds[level + 1] + np.cumsum(starts[level]))
    children = np.concatenate(children).astype(np.int32)
    words = np.concatenate([one.rows[:, -1] for one in levels]).astype(np.int32)
    log_proba, log_backoff = (
        np.concatenate([one[k] for one in some]).astype(np.float32)
        for k, some in ((1, levels), (2, levels[:-1] or [_Ngrams(*[np.empty(0)] * 3)]))
    )
    tree = Tree(readonly(words), readonly(children))
    for level in range(1, order):
        some = np.flatnonzero(blanks[level])
        nodes = (bounds[level] + some).astype(np.int32)
        begins = children[bounds[level - 1] : bounds[level]]
        parents = bounds[level - 1] + np.searchsorted(begins, nodes, side="right") - 1
        rows = readonly(levels[level].rows[some], np.int32)
        parents = readonly(parents, np.int32)
        back_off(tree, rows, readonly(nodes), parents, (log_proba, log_backoff))
    return BackoffModel(order, *tree, log_proba, log_backoff)


def _with_parents(ngrams, below):
    """Add the n-grams that longer ones end with; a pruned file may lack them.

    Parameters
    ----------
    ngrams : _Ngrams
        In order.
    below : ndarray of shape (n, k + 1), int32, or None
        The rows one word longer, in order.

    Returns
    -------
    ngrams : _Ngrams
        All of them, in order.
    blank : ndarray of bool
        Which have been added.
    sizes : ndarray of int64
        How many longer ones end with each.
    """
    rows, n = ngrams.rows, len(ngrams.rows)
    if below is None:
        return ngrams, np.zeros(n, bool), np.zeros(n, np.int64)
    ends = below[:, :-1]
    begins = np.ones(len(ends), bool)
    begins[1:] = (ends[1:] != ends[:-1]).any(axis=1)
    places = np.flatnonzero(begins)
    together = np.concatenate([rows, ends[places]])
    # A stable order: of equal rows, the one of the file comes first.
    order = np.lexsort(together.T[::-1])
    together = together[order]
    is_new = np.ones(len(together), bool)
    is_new[1:] = (together[1:] != together[:-1]).any(axis=1)
    group = np.empty(len(together), np.int64)
    group[order] = np.cumsum(is_new) - 1
    sizes = np.zeros(int(is_new.sum()), np.int64)
    sizes[group[n:]] = np.diff(np.append(places, len(ends)))
    picks = order[is_new]
    blank = picks >= n
    padded = (np.append(one, np.zeros(len(places), np.float32)) for one in ngrams[1:])
    log_proba, log_backoff = (one[picks] for one in padded)
    return _Ngrams(together[is_new], log_proba, log_backoff), blank, sizes
