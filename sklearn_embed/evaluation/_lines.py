"""Test sets as rows of fields: from files, lists, tables, with what was left out."""

# SPDX-License-Identifier: BSD-3-Clause

import csv
import os
import warnings
from collections.abc import Mapping

from sklearn_embed._files.opening import opened

#: Tried in this order; None: blanks.
SEPARATORS = ("\t", ";", ",", "|", None, ":")

#: Lines that choose the separator.
SAMPLE = 500

#: Bytes of a test set, decompressed.  The largest known ones have about a megabyte.
LARGEST = 1 << 26


class Row:
    """The fields of a line, and where they come from."""

    __slots__ = ("fields", "place", "text")

    def __init__(self, fields, place, text):
        self.fields, self.place, self.text = fields, place, text


def is_path(source):
    """Tell whether a test set is named by its file."""
    return isinstance(source, (str, os.PathLike))


def name_of(source, otherwise):
    """Return the name of a file without its endings, or another one."""
    if not is_path(source):
        return otherwise
    stem, ending = os.path.splitext(os.path.basename(os.fspath(source)))
    return os.path.splitext(stem)[0] if ending in (".gz", ".bz2", ".xz") else stem


def read_lines(path):
    """Return the lines of a text file, decompressed, without a byte order mark."""
    if os.path.isdir(path):
        raise ValueError(f"{path} is a folder: name the file, or {{name: file, ...}}")
    with opened(path) as source:
        data = source.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise ValueError(f"{path} has more than {LARGEST} bytes: it is no test set")
    if b"\0" in data[:4096]:
        raise ValueError(f"{path} holds zero bytes: it is no UTF-8 text")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = data.count(b"\n", 0, error.start) + 1
        raise ValueError(
            f"line {number} of {path} is not UTF-8 ({error.reason}): convert the file "
            "first, e.g. with iconv"
        ) from error
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def rows_of(source, usable):
    """Return the rows of a file, of a list of lines or tuples, or of a table.

    Parameters
    ----------
    source : path, or iterable
        The test set.
    usable : callable
        List of fields → whether they are what is looked for.  It decides between
        separators.

    Returns
    -------
    list of Row
    """
    if is_path(source):
        return _split(read_lines(source), usable)
    items = list(_items(source))
    if items and all(isinstance(item, str) for item in items):
        return _split(items, usable)
    return [
        Row(_fields_of(item, usable), f"row {number}", item)
        for number, item in enumerate(items)
    ]


def _items(source):
    """Return the rows of any container, of a table by rows and not by columns."""
    if hasattr(source, "collect_schema") and hasattr(source, "collect"):  # lazy polars
        source = source.collect()
    if hasattr(source, "itertuples"):  # pandas
        return source.itertuples(index=False, name=None)
    if hasattr(source, "iter_rows"):  # polars
        return source.iter_rows()
    if hasattr(source, "to_pylist"):  # Arrow
        return source.to_pylist()
    try:
        return iter(source)
    except TypeError:
        raise TypeError(
            f"a test set must be a path or a sequence of rows; got "
            f"{type(source).__name__}"
        ) from None


def _fields_of(item, usable):
    """Return the fields of one row; none of what is no row."""
    if isinstance(item, Mapping):
        return list(item.values())
    if isinstance(item, str):
        return _split([item], usable)[0].fields if item.strip() else []
    try:
        return list(item)
    except TypeError:
        return [item]


def _split(lines, usable):
    """Split lines at the separator that makes most of them usable."""
    numbered = [(n, line) for n, line in enumerate(lines, 1) if line.strip()]
    sample = [line for _, line in numbered[:: max(1, len(numbered) // SAMPLE)]]
    counts = [
        sum(usable(split_line(line, separator)) for line in sample)
        for separator in SEPARATORS
    ]
    best = SEPARATORS[counts.index(max(counts))]
    return [
        Row(split_line(line, best), f"line {number}", line) for number, line in numbered
    ]


def split_line(line, separator):
    """Split a line; quotes around a field and blanks beside it are no part of it."""
    if separator is None:
        return line.split()
    if '"' in line and line.count('"') % 2 == 0:
        parts = next(csv.reader([line], delimiter=separator, skipinitialspace=True))
    else:
        parts = line.split(separator)
    return [part.strip() for part in parts]


def is_comment(row, usable):
    """Tell whether a line is meant for people: words, too, can begin with ``#``."""
    text = row.text.lstrip() if isinstance(row.text, str) else ""
    return text.startswith("# ") or (not usable and text.startswith(("#", "//")))


def tell_of_skipped(skipped, n_rows, name, wanted):
    """Warn of rows that were left out.

    Parameters
    ----------
    skipped : list of (Row, str)
        Which, and why.
    n_rows : int
        How many there were in all.
    name : str
        What the test set is called.
    wanted : str
        What each row should hold.
    """
    if not skipped:
        return
    some = "; ".join(
        f"{row.place} ({shown(row.text)}): {why}" for row, why in skipped[:3]
    )
    warnings.warn(
        f"{len(skipped)} of {n_rows} rows of {name!r} are left out, since they do not "
        f"hold {wanted}: {some}" + ("; ..." if len(skipped) > 3 else ""),
        UserWarning,
        stacklevel=4,
    )


def shown(thing):
    """Return a value as Python writes it, cut short."""
    text = repr(thing)
    return text if len(text) <= 50 else text[:49] + "…"


def as_word(field):
    """Return a field as a word, "" if it is none."""
    if isinstance(field, str):
        return field
    if isinstance(field, bool) or field is None or field != field:
        return ""
    return str(field) if isinstance(field, int) else ""
