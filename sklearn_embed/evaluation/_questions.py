"""Analogies: read, and answered by the word nearest to b - a + c."""

# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Mapping

import numpy as np

from sklearn_embed.evaluation._lines import (
    as_word,
    is_comment,
    rows_of,
    shown,
    tell_of_skipped,
)

_WANTED = "four words"

#: Cosines that are held at once.
_AT_ONCE = 1 << 24


class Sections(list):
    """(name, list of four words) of each section."""


def read_sections(source, name):
    """Return the Sections of a file, a sequence, a table, or a dict of these."""
    if isinstance(source, Sections):
        return source
    sections, skipped = Sections(), []
    if isinstance(source, Mapping):
        n_rows = 0
        for title, part in source.items():
            rows = rows_of(part, _usable)
            n_rows += len(rows)
            sections += _sections(rows, str(title), skipped)
    else:
        rows = rows_of(source, _usable)
        n_rows = len(rows)
        sections += _sections(rows, "questions", skipped)
    if not any(questions for _, questions in sections):
        begins = f"; it begins with {shown(skipped[0][0].text)}" if skipped else ""
        raise ValueError(
            f"no lines of {_WANTED} in {name!r}{begins or ': it is empty'}"
        )
    tell_of_skipped(skipped, n_rows, name, _WANTED)
    return sections


def _sections(rows, title, skipped):
    """Return the sections of some rows; `title` is that of rows before a heading."""
    sections = [(title, [])]
    for row in rows:
        if isinstance(row.text, str) and row.text.lstrip().startswith(":"):
            sections.append((row.text.strip().lstrip(": "), []))
            continue
        usable = _usable(row.fields)
        if is_comment(row, usable):
            continue
        if usable:
            sections[-1][1].append(tuple(map(as_word, row.fields)))
        else:
            skipped.append((row, f"{len(row.fields)} fields"))
    return sections if sections[0][1] or len(sections) == 1 else sections[1:]


def _usable(fields):
    """Tell whether there are four words."""
    return len(fields) == 4 and all(map(as_word, fields))


def count_right(vectors, questions, lookup, *, case_insensitive=True):
    """Return how many questions are known, and how many are answered rightly.

    Parameters
    ----------
    vectors : WordVectors
        Where to look.
    questions : list of (str, str, str, str)
        The last word is the answer.
    lookup : Spellings
        Finds the row of a word.
    case_insensitive : bool
        Whether an answer may be spelled with other capitals.

    Returns
    -------
    n_known, n_correct : int
    """
    rows = np.array([[lookup.row(word) for word in words] for words in questions])
    rows = rows.reshape(-1, 4)
    rows = rows[(rows >= 0).all(axis=1)]
    n_correct = 0
    step = max(1, _AT_ONCE // max(1, len(lookup)))
    units = lookup.unit_vectors() if len(rows) else None
    for first in range(0, len(rows), step):
        a, b, c, _ = rows[first : first + step].T
        cosines = (units[b] - units[a] + units[c]) @ units.T
        for row, scores in zip(rows[first : first + step], cosines, strict=True):
            n_correct += _is_right(scores, row, vectors.words, case_insensitive)
    return len(rows), n_correct


def _is_right(scores, row, words, case_insensitive):
    """Tell whether the best answer that was not in the question is the right one."""
    *asked, answer = row
    scores[asked] = -np.inf
    best = int(scores.argmax())
    if not case_insensitive:
        return best == answer and scores[best] > -np.inf
    given = {words[i].lower() for i in asked}
    # A word of the question with other capitals is no answer either.
    while best != answer and scores[best] > -np.inf and words[best].lower() in given:
        scores[best] = -np.inf
        best = int(scores.argmax())
    same = best == answer or words[best].lower() == words[answer].lower()
    return same and scores[best] > -np.inf
