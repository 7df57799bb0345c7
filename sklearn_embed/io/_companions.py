"""What lies beside a file of vectors: how often words occur, and lists of words."""

# SPDX-License-Identifier: BSD-3-Clause

import json
import os
from collections.abc import Mapping
from numbers import Integral

import numpy as np

from sklearn_embed._files.errors import VectorFileError
from sklearn_embed._files.opening import opened
from sklearn_embed._vectors.word_vectors import WordVectors

#: Bytes of a whole list of words or counts: a billion words are no vocabulary.
LARGEST_LIST = 1 << 30


def counted(vectors, counts):
    """Return word vectors with the numbers of their words' occurrences.

    Parameters
    ----------
    vectors : WordVectors
        The words.
    counts : mapping of str to int, str, path or binary file
        See `read_vectors`.

    Returns
    -------
    WordVectors
        Words that are not in `counts` have 0.

    Raises
    ------
    ValueError
        If a count is no number from 0 on, or none is of these words.
    """
    name = "counts"
    if not isinstance(counts, Mapping):
        name, counts = read_counts(counts)
    found = [counts.get(word, 0) for word in vectors.words]
    for word, count in zip(vectors.words, found, strict=True):
        if not isinstance(count, Integral) or not 0 <= count < 1 << 62:
            raise ValueError(
                f"{name}: the count of {word!r} must be an integer from 0 on, not "
                f"{count!r}"
            )
    if len(vectors) and not any(found):
        raise ValueError(
            f"{name}: none of its words is among those of the vectors, such as "
            f"{vectors.words[0]!r}; do both belong together?"
        )
    return WordVectors(
        vectors.words,
        vectors.vectors,
        np.array(found, np.int64),
        vectors.subwords,
        check_finite=False,
        tokenizer=vectors.tokenizer,
        normalize=vectors.normalize,
    )


def read_counts(source):
    """Read lines of a word and its count, as word2vec and GloVe write them.

    Returns
    -------
    name : str
        The file.
    counts : dict of str to int
        A word that comes twice has its first count.
    """
    counts = {}
    with opened(source) as stream:
        for row, line in enumerate(_lines(stream)):
            word, _, number = line.rstrip().replace("\t", " ").rpartition(" ")
            if not line.strip():
                continue
            if not (number.isascii() and number.isdigit()) or len(number) > 18:
                raise stream.error(
                    f"the line {line[:60]!r} is not a word, a blank and its count",
                    "Word2vec's -save-vocab, gensim's fvocab and GloVe's vocab.txt "
                    "are such files",
                    row=row,
                )
            counts.setdefault(word.rstrip(), int(number))
        return stream.name, counts


def read_words(words):
    """Return a list of words from what a caller gave as such.

    Parameters
    ----------
    words : collection of str, str or path
        The words, or a file of them: one a line, or ``tokenizer.json`` of the
        tokenizers library.

    Returns
    -------
    list of str
    """
    if not isinstance(words, (str, os.PathLike)):
        return list(words)
    with opened(words) as source:
        if source.peek(1) == b"{":
            try:
                return _of_tokenizer(json.loads(source.read(LARGEST_LIST)))
            except (ValueError, TypeError, KeyError, RecursionError) as error:
                raise source.error(
                    f"it is no tokenizer.json with a vocabulary: {error!r}",
                    "Pass the words as a list, in the order of the rows",
                ) from error
        return list(_lines(source))


def _lines(source):
    """Yield the lines of a list of words."""
    text = source.read(LARGEST_LIST)
    if source.peek(1):
        raise source.error(
            f"it is longer than {LARGEST_LIST} bytes", "This is no list of words"
        )
    try:
        text = text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise VectorFileError(
            source.name,
            "it is not UTF-8",
            "Convert it, e.g. with iconv",
            offset=error.start,
        ) from error
    # Words may hold characters at which str.splitlines would cut.
    return (line.removesuffix("\r") for line in text.removesuffix("\n").split("\n"))


def _of_tokenizer(document):
    """Return the vocabulary of a tokenizer, in the order of its numbers."""
    vocabulary = document["model"]["vocab"]
    if isinstance(vocabulary, list):
        words = [word for word, _ in vocabulary]
        numbers = dict(zip(words, range(len(words)), strict=True))
    else:
        numbers = dict(vocabulary)
    for token in document.get("added_tokens", []):
        numbers.setdefault(token["content"], token["id"])
    words = sorted(numbers, key=numbers.__getitem__)
    if [numbers[word] for word in words] != list(range(len(words))):
        raise ValueError("its numbers do not go from 0 on without a gap")
    return words
