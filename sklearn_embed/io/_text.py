"""Rows of text: word2vec's format with its header, GloVe's without."""

# SPDX-License-Identifier: BSD-3-Clause

import re

import numpy as np

from sklearn_embed._core.arrays import readonly
from sklearn_embed._files.errors import VectorFileError
from sklearn_embed.io._collect import Rows, Window
from sklearn_embed.io._diagnosis import odd_number
from sklearn_embed.io.kernels.parse import BLANK, GOOD, find_words, parse_rows

_BLANKS = re.compile(rb"[ \t]+")
# No two parts can match the same digit: a million of them take linear time.
_NUMBER = re.compile(rb"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


def read_rows(source, n_dimensions, n_rows, options):
    """Read lines of a word and its numbers.

    Parameters
    ----------
    source : Source
        At the first row.
    n_dimensions : int
        Numbers on each line.
    n_rows : int or None
        What the header promises; None: there is no header.
    options : Options
        What the caller asked for.

    Returns
    -------
    WordVectors
    """
    _check_promise(source, n_dimensions, n_rows)
    rows = Rows(source, n_dimensions, n_rows, options)
    window = Window(source)
    budget = min(
        [n for n in (n_rows, options.limit) if n is not None], default=float("inf")
    )
    done = 0
    while done < budget and not rows.complete:
        window.slide()
        starts, ends = _lines(window)
        if len(starts) == 0:
            if window.exhausted:
                break
            continue
        window.begin = int(min(ends[-1] + 1, window.end))
        done += _take(window, starts, ends, done, budget - done, rows)
    if done >= budget and n_rows is not None and options.limit is None:
        _check_end(window, n_rows, done)
    if n_rows is not None and done < budget and not rows.complete:
        raise source.error(
            f"the header promises {n_rows} rows, but the file ends after {done}",
            "Fetch it again"
            + f", or read what is there with limit={done}" * (done > 0),
            row=done,
        )
    return rows.finish()


def _check_promise(source, n_dimensions, n_rows):
    """Refuse a header whose rows could not fit into the file."""
    remaining = source.remaining()
    if n_rows is not None and remaining is not None:
        least = n_rows * (2 * n_dimensions + 1)
        if least > remaining + n_rows:
            raise source.error(
                f"the header promises {n_rows} rows of {n_dimensions} numbers, at "
                f"least {least} bytes, but {remaining} are left",
                "The file is cut short or damaged; fetch it again",
            )


def _lines(window):
    """Return where the whole lines in the window begin and end."""
    ends = np.flatnonzero(window.data[window.begin : window.end] == 10) + window.begin
    last = ends[-1] + 1 if len(ends) else window.begin
    if window.exhausted and last < window.end:
        ends = np.append(ends, window.end)
    starts = np.empty_like(ends)
    starts[:1] = window.begin
    starts[1:] = ends[:-1] + 1
    return starts, ends


def _take(window, starts, ends, done, budget, rows):
    """Read the lines found, at most `budget` of them; return how many were rows."""
    data = readonly(window.data)
    word_ends, status = find_words(data, readonly(starts), ends)
    kept = np.flatnonzero(status != BLANK)
    if len(kept) > budget:
        window.begin = int(starts[kept[budget]])
        kept = kept[:budget]
    text = window.data[: int(ends[-1])].tobytes() if len(ends) else b""

    def line_of(r, place):
        line, n_bytes = text[starts[r] : ends[r]], word_ends[r] - starts[r]
        return line, n_bytes, rows, done + place, window.offset + int(starts[r])

    words = []
    for place, r in enumerate(kept.tolist()):
        row, offset = done + place, window.offset + int(starts[r])
        try:
            raw = text[starts[r] : word_ends[r]]
            if status[r] != GOOD:
                raw, _ = _split(text[starts[r] : ends[r]], rows, row, offset)
                word_ends[r] = starts[r] + len(raw)
            words.append(rows.decode(raw, row, offset))
        except VectorFileError as error:
            rows.refuse(error)
            words.append(None)
    if rows.options.bad_rows == "warn":
        # Before the words are chosen: a later row of the same word counts then.
        out = np.empty((len(kept), rows.next_rows(0).shape[1]), np.float32)
        hard = parse_rows(data, readonly(word_ends[kept]), readonly(ends[kept]), out)
        for place in np.flatnonzero(hard).tolist():
            if words[place] is None:
                continue
            try:
                _numbers(*line_of(kept[place], place))
            except VectorFileError as error:
                rows.refuse(error)
                words[place] = None
    chosen = rows.choose(words)
    lines = kept[chosen]
    out = rows.next_rows(len(lines))
    hard = parse_rows(data, readonly(word_ends[lines]), readonly(ends[lines]), out)
    for place in np.flatnonzero(hard).tolist():
        out[place] = _numbers(*line_of(lines[place], int(chosen[place])))
    return len(kept)


def _numbers(line, n_bytes, rows, row, offset):
    """Return the numbers of a line that the compiled loop left, after its word."""
    raw, numbers = _split(line, rows, row, offset)
    if len(raw) != n_bytes:
        raise _wrong_width(rows, line, row, offset)
    # Through float64, as numpy does it: the kernel's and gensim's rounding.
    with np.errstate(over="ignore"):
        found = np.array([float(number) for number in numbers]).astype(np.float32)
    if not np.isfinite(found).all():
        raise rows.source.error(
            "a number is too large for float32", _remedy(row), row=row, offset=offset
        )
    return found


def _split(line, rows, row, offset):
    """Split a line that is out of the ordinary, from the right.

    The word may contain blanks, as in the Common Crawl vectors, but no numbers after
    its first blank: those would mean that the row is too long.
    """
    n_dimensions = rows.next_rows(0).shape[1]
    fields = _BLANKS.split(line)
    numbers = fields[-n_dimensions:] if len(fields) > n_dimensions else fields[1:]
    bad = next((field for field in numbers if not _NUMBER.fullmatch(field)), None)
    if len(fields) <= n_dimensions or any(
        _NUMBER.fullmatch(field) for field in fields[1:-n_dimensions]
    ):
        raise _wrong_width(rows, line, row, offset)
    if bad is not None:
        what, remedy = odd_number(bad) or ("not a number", _remedy(row))
        if _is_special(bad):
            what = "not a finite number"
        raise rows.source.error(
            f"{bad[:40]!r} is {what}", remedy, row=row, offset=offset
        )
    if 0 in line:
        raise rows.source.error(
            "a zero byte in a line of text", _remedy(row), row=row, offset=offset
        )
    parts = line.rsplit(None, n_dimensions)
    return parts[0] if len(parts) > n_dimensions else b"", numbers


def _remedy(row):
    """Say what can be done about a row."""
    raw = "" if row else ".  If its numbers are raw float32: format='word2vec_binary'"
    return (
        "Correct or remove the row, leave it out by bad_rows='warn', or stop before it "
        f"by limit={row}: parameters of read_vectors and of VectorFile{raw}"
    )


def _is_special(field):
    """Tell whether a field is a way to write NaN or infinity."""
    return field.lower().lstrip(b"+-") in (b"nan", b"inf", b"infinity")


def _wrong_width(rows, line, row, offset):
    """Build the error for a row with too few or too many numbers."""
    n_dimensions = rows.next_rows(0).shape[1]
    fields = _BLANKS.split(line)
    for field in fields[1:]:
        if (odd := odd_number(field)) is not None:
            return rows.source.error(
                f"{field[:40]!r} is {odd[0]}", odd[1], row=row, offset=offset
            )
    n_numbers = sum(_NUMBER.fullmatch(field) is not None for field in fields[1:])
    return rows.source.error(
        f"{n_dimensions} numbers were expected after the word, {n_numbers} are there",
        _remedy(row),
        row=row,
        offset=offset,
    )


def _check_end(window, n_rows, done):
    """Refuse rows beyond those of the header."""
    while True:
        rest = window.data[window.begin : window.end].tobytes()
        if rest.strip():
            raise window.source.error(
                f"there are more rows than the {n_rows} that the header promises",
                f"Correct the header, or pass limit={n_rows}",
                row=done,
                offset=window.offset + window.begin,
            )
        if window.exhausted:
            return
        window.begin = window.end
        window.slide()


def guess_width(source, insisted=False, line_limit=1 << 24):
    """Return the dimensions of a file without header, None if it has no such rows.

    The most frequent number of fields among the first lines decides; one damaged line
    among them does not.  Lines that all begin with a number are a table of numbers,
    and no rows with words, unless the caller insists.
    """
    n_bytes = 1 << 16
    while True:
        sample = source.peek(n_bytes)
        if len(sample) < n_bytes or sample.count(b"\n") >= 4 or n_bytes >= line_limit:
            break
        n_bytes *= 4
    lines = sample.split(b"\n")
    if len(sample) == n_bytes:
        lines = lines[:-1]  # the last one may be cut
    widths, n_words = [], 0
    for line in lines[:10]:
        fields = _BLANKS.split(line.rstrip(b" \t\r"))
        tail = 0
        while tail < len(fields) - 1 and _NUMBER.fullmatch(fields[-1 - tail]):
            tail += 1
        if tail:
            widths.append(tail)
            n_words += _NUMBER.fullmatch(fields[0]) is None
    if not widths or not (n_words or insisted):
        return None
    return max(widths, key=widths.count)
