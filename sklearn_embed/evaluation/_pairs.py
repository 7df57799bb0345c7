"""Word pairs judged by people: read, and compared with cosines."""

# SPDX-License-Identifier: BSD-3-Clause

import re
import warnings
from collections.abc import Mapping
from numbers import Real

import numpy as np

from sklearn_embed._vectors.queries import known_words, unit_vector, vectors_of
from sklearn_embed.evaluation._lines import (
    as_word,
    is_comment,
    rows_of,
    shown,
    tell_of_skipped,
)

_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
_WANTED = "two words and a number"


class Pairs(list):
    """(word, word, number) of each pair that could be read, and `n_skipped`."""

    n_skipped = 0


def read_pairs(source, name):
    """Return the Pairs of a file, a sequence or a table.

    The words are the first two columns, the judgement is the first column after them
    that holds numbers: test sets are distributed with parts of speech before it and
    with single judgements behind it.  A first column that numbers the lines is passed
    over.
    """
    if isinstance(source, Pairs):
        return source
    if isinstance(source, Mapping):
        source = [(*key, value) for key, value in source.items()]
    rows = rows_of(source, _usable)
    first, column = _columns([row.fields for row in rows])
    pairs, skipped, heading = Pairs(), [], True
    for row in rows:
        pair, why = _pair(row.fields, first, column)
        if is_comment(row, pair is not None):
            continue
        if pair is not None:
            pairs.append(pair)
        elif not (heading and why == "no number"):
            skipped.append((row, why))
        heading = False
    if not pairs:
        begins = f"; it begins with {shown(rows[0].text)}" if rows else ": it is empty"
        raise ValueError(f"no lines of {_WANTED} in {name!r}{begins}")
    pairs.n_skipped = len(skipped)
    tell_of_skipped(skipped, len(pairs) + len(skipped), name, _WANTED)
    return pairs


def correlations(vectors, pairs, lookup, *, subword=False):
    """Return how many pairs are known, and the correlations with their p-values.

    Parameters
    ----------
    vectors : WordVectors
        Where the words are looked up.
    pairs : list of (str, str, float)
        The test set.
    lookup : Spellings
        Finds the row of a word.
    subword : bool
        Whether unknown words count whose vectors can be made of n-grams.

    Returns
    -------
    dict
    """
    units = _unit_vectors(vectors, pairs, lookup, subword)
    judged, cosines = [], []
    for first, second, number in pairs:
        if first in units and second in units:
            judged.append(number)
            cosines.append(np.dot(units[first], units[second]))
    result = {"n_known": len(judged)}
    nothing = (np.nan, np.nan)
    varied = len(judged) > 1 and np.ptp(judged) > 0 and np.ptp(cosines) > 0
    for measure in ("pearson", "spearman"):
        values = _correlation(measure, judged, cosines) if varied else nothing
        result[measure], result[f"{measure}_pvalue"] = map(float, values)
    return result


def _correlation(measure, judged, cosines):
    """Return the coefficient and its p-value."""
    from scipy import stats

    with warnings.catch_warnings():  # nearly constant numbers
        warnings.simplefilter("ignore")
        return getattr(stats, f"{measure}r")(judged, cosines)


def _unit_vectors(vectors, pairs, lookup, subword):
    """Return word → unit vector of all known words of the pairs."""
    words = list(dict.fromkeys(word for *pair, _ in pairs for word in pair))
    units, unknown = {}, []
    for word in words:
        row = lookup.row(word)
        if row >= 0:
            units[word] = unit_vector(vectors.vectors[row])
        elif word not in vectors:  # else: behind restrict_vocab
            unknown.append(word)
    if subword and unknown:
        known = known_words(vectors, unknown)
        made = [w for w, yes in zip(unknown, known, strict=True) if yes]
        for word, vector in zip(made, vectors_of(vectors, made), strict=True):
            units[word] = unit_vector(vector)
    return units


def _pair(fields, first, column):
    """Return (word, word, number) and None, or None and what is wrong."""
    if column is None or len(fields) <= column:
        return None, "too few fields"
    words = tuple(as_word(field) for field in fields[first : first + 2])
    number = _number(fields[column])
    if number is None:
        missing = fields[column] is None or fields[column] == ""
        return None, "its number is missing" if missing else "no number"
    if not np.isfinite(number):
        return None, f"its number is {number}"
    if not all(words):
        return None, "a word is missing"
    return (*words, number), None


def _number(field):
    """Return a field as a number, None if it is none."""
    if isinstance(field, str):
        if _DECIMAL_COMMA.fullmatch(field):
            field = field.replace(",", ".")
    elif not isinstance(field, Real):
        return None
    try:
        return float(field)
    except ValueError:
        return None


def _usable(fields):
    """Tell whether there are two fields and a number behind them."""
    return len(fields) > 2 and any(_number(field) is not None for field in fields[2:])


def _columns(rows):
    """Return the column of the first word, and that of the number (None: nowhere)."""
    rows = [fields for fields in rows if len(fields) > 2]
    rows = rows[1:] or rows  # the first one may be a heading
    width = max(map(len, rows), default=0)
    shares = [
        np.mean([c < len(row) and _number(row[c]) is not None for row in rows])
        for c in range(width)
    ]
    first = 0
    if width > 3 and shares[0] > 0.9 and max(shares[1:3]) < 0.1:
        first = 1
    columns = range(first + 2, width)
    column = next((c for c in columns if shares[c] >= 0.5), None)
    if column is None:
        column = next((c for c in columns if shares[c] > 0), None)
    return first, column
