"""Tokenised documents in a file of arrays and JSON."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sklearn_embed._files.arrays import load_arrays, save_arrays
from sklearn_embed._text.checks import check_documents
from sklearn_embed._text.encoding import Encoded
from sklearn_embed._text.table import TokenTable
from sklearn_embed._text.tokens import (
    TextOptions,
    checked_encoding,
    make_preprocess,
    make_split,
)

_KIND = "TokenizedDocuments"
_NAMES = ("ids", "offsets", "table", "table_offsets")


def write(path, encoded):
    """Write Encoded whose ids lie end to end, whole or not at all."""
    options = encoded.options and encoded.options._asdict()
    if options and any(map(callable, options.values())):
        options = None
    table = encoded.table
    arrays = encoded.ids, encoded.offsets, table.blob, table.offsets
    meta = {"kind": _KIND, "options": options, "undercount": encoded.undercount}
    save_arrays(path, dict(zip(_NAMES, arrays, strict=True)), meta)


def read(path, mmap):
    """Return what `write` wrote, every part checked.

    Raises
    ------
    ValueError
        If the file is damaged, or holds something else.
    """
    arrays, meta = load_arrays(path, mmap=mmap)
    if not isinstance(meta, dict) or meta.get("kind") != _KIND:
        raise ValueError(f"{path} holds no TokenizedDocuments.")
    try:
        ids, offsets, *table = (arrays[name] for name in _NAMES)
        table = TokenTable(*table)
        starts = np.asarray(offsets)[:-1]
        check_documents(ids, starts, offsets, len(table))
        options = checked_options(meta["options"])
        undercount = meta["undercount"]
        if type(undercount) is not int or undercount < 0:
            raise ValueError(f"undercount is {undercount!r:.40}.")
    except KeyError as error:
        raise ValueError(f"{path} is damaged: {error} is missing.") from error
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path} is damaged: {error}") from error
    return Encoded(ids, starts, offsets, table, options, undercount)


def checked_options(options):
    """Return the TextOptions of a dict, or None, if they make sense."""
    if options is None:
        return None
    if "ngram_range" in options:
        options = {**options, "ngram_range": tuple(options["ngram_range"])}
    options = TextOptions(**options)
    wrong = (
        not isinstance(options.lowercase, bool)
        or not _is_one(options.strip_accents, ("ascii", "unicode"))
        or options.preprocessor is not None
        or not _is_one(options.tokenizer, ("char",))
        or not isinstance(options.token_pattern, (str, type(None)))
        or not isinstance(options.analyzer, str)
        or options.decode_error not in ("strict", "ignore", "replace")
    )
    if wrong:
        raise ValueError(f"the options are {options!r:.200}.")
    checked_encoding(options.encoding)
    make_preprocess(options)
    make_split(options)  # which compiles the pattern
    return options


def _is_one(value, names):
    """Tell whether a value is None or one of some strings."""
    # By type, too: NumPy's float64 dtype says that it equals None.
    return value is None or (isinstance(value, str) and value in names)
