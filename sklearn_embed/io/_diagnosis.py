"""Why a text is no file of word vectors, in words that its owner can use."""

# SPDX-License-Identifier: BSD-3-Clause

import re

_BLANKS = re.compile(rb"[ \t]+")
_NUMBER = re.compile(rb"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_COUNT = re.compile(rb"\d+")
_FLORET = re.compile(rb"\d+ \d+ \d+ \d+ \d+ \d+ \S+ \S+\r?\n")
_JSON = re.compile(rb"\s*[\[{]\s*[\[{\"\]}]")

#: Forms of numbers that are understood but not read, and what to do about them.
_FORMS = (
    (
        re.compile(rb"[+-]?\d*,\d+([eE][+-]?\d+)?"),
        "a number with a decimal comma",
        "Write decimal points, e.g. sed 's/,/./g' (mind commas that are words)",
    ),
    (
        re.compile(rb"\d+:[+-]?[\d.]+([eE][+-]?\d+)?"),
        "an entry of a sparse row (column:value)",
        "Write every number of the row, zeros included",
    ),
    (
        re.compile(rb"[\[(][+-]?[\d.]+(e[+-]?\d+)?,?|[+-]?[\d.]+(e[+-]?\d+)?[\]),;]"),
        "a number with brackets or commas around it",
        "Write a word and its numbers with blanks between them, and nothing else",
    ),
)


def odd_number(field):
    """Tell what a field is that stands where a number should, and the remedy.

    Parameters
    ----------
    field : bytes
        What was found.

    Returns
    -------
    tuple of (str, str) or None
        None where nothing is known.
    """
    for pattern, name, remedy in _FORMS:
        if pattern.fullmatch(field):
            return name, remedy
    return None


def is_floret(start):
    """Tell whether a file begins as floret's vectors do."""
    return _FLORET.match(start) is not None


def diagnosis(sample):
    """Tell what the beginning of a text is, as it is no word vectors.

    Parameters
    ----------
    sample : bytes
        Whole lines from the beginning of the file.

    Returns
    -------
    tuple of (str, str)
        What it is, and what to do.
    """
    lines = [line.strip() for line in sample.split(b"\n")]
    lines = [line for line in lines if line][:10]
    if _JSON.match(sample):
        return "it is JSON", "Load it by json, and pass a dict from word to vector"
    fields = [_BLANKS.split(line) for line in lines]
    if all(_is_counted(row) for row in fields):
        return (
            "its lines hold a word and one number each, as counts do",
            "read_vectors(vectors, counts=path) takes counts; vectors of one dimension "
            "have format='glove'",
        )
    if all(all(map(_NUMBER.fullmatch, row)) for row in fields[1:] or fields):
        return (
            "it is a table of numbers, without words",
            "If the first number of each line is the word: format='glove'.  Otherwise "
            "pass WordVectors(words, numbers)",
        )
    odd = [field for row in fields for field in row[1:] if odd_number(field)]
    n_fields = sum(len(row) - 1 for row in fields)
    n_numbers = sum(
        _NUMBER.fullmatch(field) is not None for row in fields for field in row[1:]
    )
    if odd and 2 * (len(odd) + n_numbers) > n_fields:  # and not prose with years
        what, remedy = odd_number(odd[0])
        return f"{odd[0][:40]!r} is {what}", remedy
    for separator, name in ((b",", "commas"), (b";", "semicolons")):
        cells = lines[-1].split(separator)
        if len(cells) > 2 and all(
            _NUMBER.fullmatch(cell.strip()) for cell in cells[1:]
        ):
            return (
                f"{name} separate its columns",
                "Read it with pandas.read_csv(path, index_col=0"
                + ", sep=';'" * (separator == b";")
                + "), and pass the DataFrame",
            )
    if not any(_NUMBER.fullmatch(field) for row in fields for field in row[1:]):
        return (
            "its lines hold no numbers",
            "Word vectors are lines of a word and its numbers",
        )
    return (
        "its lines are not a word and numbers, the same count on each",
        "Known: word2vec text and binary, GloVe, fastText .bin and .vec, and the "
        "native format; compressed by gzip, bzip2, xz or zip",
    )


def _is_counted(row):
    """Tell whether a line is a word and how often it occurs."""
    return (
        len(row) == 2
        and _COUNT.fullmatch(row[1]) is not None
        and _NUMBER.fullmatch(row[0]) is None
    )
