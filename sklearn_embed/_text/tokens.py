"""From strings to tokens, as ``CountVectorizer`` does it."""

# SPDX-License-Identifier: BSD-3-Clause

import codecs
import re
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from sklearn_embed._text.analyzers import (
    BY_CHARACTER,
    char_terms,
    char_terms_of_words,
    checked_range,
    word_terms,
)
from sklearn_embed._text.char_encoder import CharEncoder
from sklearn_embed._text.compiled import fast_encoder
from sklearn_embed._text.documents import decoded, shortened, shown
from sklearn_embed._text.table import TokenTable

DEFAULT_PATTERN = r"(?u)\b\w\w+\b"

#: Words of any length, and each mark between them.
WORDS_AND_MARKS = r"(?u)\w+|[^\w\s]"


class TextOptions(NamedTuple):
    """How strings become tokens; names and defaults are ``CountVectorizer``'s.

    `ngram_range` is that of characters, for the analyzers that have it: n-grams of
    words are made of tokens, afterwards.
    """

    lowercase: bool = True
    strip_accents: Any = None
    preprocessor: Callable | None = None
    tokenizer: Any = None
    token_pattern: str | None = DEFAULT_PATTERN
    analyzer: Any = "word"
    ngram_range: tuple[int, int] = (1, 1)
    encoding: str | None = None  # None: bytes are no documents
    decode_error: str = "strict"


def checked_encoding(encoding):
    """Return the name of an encoding of text, or None, if it is one."""
    try:
        if encoding is None or codecs.lookup(encoding)._is_text_encoding:
            return encoding
    except (LookupError, TypeError, ValueError):
        pass
    raise ValueError(
        f"encoding={encoding!r} is no encoding that Python knows: give 'utf-8', "
        "'latin-1' or another of its standard encodings."
    )


def make_preprocess(options):
    """Return the function that prepares a string, or None where nothing is to do."""
    if callable(options.analyzer):
        return None
    _check_function("preprocessor", options.preprocessor, "a function or None")
    if options.preprocessor is not None:
        return options.preprocessor
    strip = options.strip_accents
    if isinstance(strip, str):
        if strip not in ("ascii", "unicode"):
            raise ValueError(
                f"strip_accents={strip!r} must be 'ascii', 'unicode', a function or "
                "None."
            )
        from sklearn.feature_extraction import text as sklearn_text

        strip = getattr(sklearn_text, f"strip_accents_{strip}")
    _check_function("strip_accents", strip, "'ascii', 'unicode', a function or None")
    if not options.lowercase:
        return strip
    if strip is None:
        return str.lower
    return partial(_lower_and_strip, strip)


def _lower_and_strip(strip, text):
    return strip(text.lower())


def make_split(options):
    """Return the function that cuts a prepared string into a list of tokens."""
    if callable(options.analyzer):
        return options.analyzer
    if options.analyzer in BY_CHARACTER:
        shortest, longest = checked_range(options.ngram_range)
        cut = char_terms if options.analyzer == "char" else char_terms_of_words
        return partial(cut, shortest=shortest, longest=longest)
    if options.analyzer != "word":
        raise ValueError(
            f"analyzer={options.analyzer!r} must be 'word', 'char', 'char_wb' or a "
            "function."
        )
    if options.tokenizer == "char":
        return _characters
    _check_function("tokenizer", options.tokenizer, "'char', a function or None")
    if options.tokenizer is not None:
        return options.tokenizer
    if options.token_pattern is None:
        raise ValueError(
            "token_pattern is None and there is no tokenizer: give one of the two."
        )
    try:
        pattern = re.compile(options.token_pattern)
    except (re.error, TypeError) as error:
        raise ValueError(
            f"token_pattern {options.token_pattern!r} is no regular expression: "
            f"{error}."
        ) from error
    if pattern.groups > 1:
        raise ValueError(
            f"token_pattern {options.token_pattern!r} has {pattern.groups} capturing "
            "groups, at most one is allowed: write the others as (?:…)."
        )
    return pattern.findall


def _check_function(name, value, kinds):
    """Refuse what is neither a function nor None."""
    if value is not None and not callable(value):
        raise ValueError(f"{name}={value!r:.60} must be {kinds}.")


def _characters(text):
    return [char for char in text if not char.isspace()]


class Encoder:
    """A growing table of distinct tokens; ids in the order of first sight.

    Parameters
    ----------
    preprocess : callable or None
        str → str.
    split : callable or None
        str → iterable of str.  None: documents come as tokens, checked.
    kind : str, default="tokenizer"
        What messages call `split`.

    Attributes
    ----------
    n_documents : int
        Documents before the next one, for messages.
    """

    def __init__(self, preprocess=None, split=None, kind="tokenizer"):
        self._preprocess, self._split, self._kind = preprocess, split, kind
        self._index, self.n_documents = _Index(), 0

    def encode(self, documents, n_jobs=1):
        """Return the ids of all tokens (int32), and the documents' lengths (int64)."""
        ids, lengths = [], []
        preprocess, split = self._preprocess, self._split
        lookup = self._index.__getitem__
        for document in documents:
            if preprocess is not None:
                document = _plain(preprocess(document))
            tokens = document if split is None else split(document)
            if type(tokens) is not list:
                tokens = self._listed(tokens, len(lengths))
            before = len(ids)
            try:
                ids.extend(map(lookup, tokens))
            except TypeError as error:
                self._refuse(tokens, len(lengths), error)
            lengths.append(len(ids) - before)
        self.n_documents += len(lengths)
        return np.array(ids, np.int32), np.array(lengths, np.int64)

    def encode_into(self, ids, lengths, chunks, n_jobs=1):
        """Append ids and documents' lengths to a Growing or Spool each."""
        for documents in chunks:
            found, some = self.encode(documents)
            ids.append(found)
            lengths.append(some)

    def table(self):
        """Return the TokenTable of the tokens seen so far."""
        return TokenTable.from_tokens(self._index)

    def restarted(self, words):
        """Return an encoder that gives these words the first ids."""
        fresh = Encoder(self._preprocess, self._split, self._kind)
        fresh._index.update(zip(words, range(len(words)), strict=True))
        fresh.n_documents = self.n_documents
        return fresh

    def _listed(self, tokens, place):
        """Return what a tokenizer returned as a list, if it can be one of tokens."""
        if isinstance(tokens, str) or not isinstance(tokens, Iterable):
            raise TypeError(
                f"{self._named()} returned a value {shown(tokens)} for document "
                f"{self.n_documents + place}: it must return a list of strings."
            )
        return list(tokens)

    def _refuse(self, tokens, place, error):
        """Raise the error that names the token that is no string."""
        wrong = next(token for token in tokens if not isinstance(token, str))
        raise TypeError(
            f"{self._named()} returned a token {shown(wrong)} for document "
            f"{self.n_documents + place}: every token must be a string."
        ) from error

    def _named(self):
        name = getattr(self._split, "__name__", type(self._split).__name__)
        return f"The {self._kind} {name}"


class _Index(dict):
    """A dict that gives every new key, which must be a string, the next number."""

    def __missing__(self, key):
        if not isinstance(key, str):
            raise TypeError("no string")  # Encoder says more
        number = self[key] = len(self)
        return number


def make_encoder(options):
    """Return what turns strings into ids: compiled where the pattern allows it."""
    preprocess = make_preprocess(options)
    if options.analyzer in BY_CHARACTER:
        ngram_range = checked_range(options.ngram_range)
        lowercase, by_word = preprocess is str.lower, options.analyzer == "char_wb"
        return Prepared(CharEncoder(by_word, ngram_range, lowercase), preprocess)
    if options.analyzer != "word":
        return Encoder(None, make_split(options), "analyzer")
    if options.tokenizer is None:
        compiled = fast_encoder(preprocess is str.lower, options.token_pattern)
        if compiled is not None:
            return Prepared(compiled, preprocess)
    return Encoder(preprocess, make_split(options))


class Prepared:
    """A compiled encoder or lookup behind what only Python can do to strings."""

    def __init__(self, compiled, preprocess):
        self._compiled = compiled
        self._preprocess = None if preprocess is str.lower else preprocess

    def encode(self, documents, n_jobs=1):
        """Return ids and lengths; see Encoder."""
        return self._compiled.encode(self._prepared(documents), n_jobs)

    def encode_into(self, ids, lengths, chunks, n_jobs=1):
        """Append ids and documents' lengths; see Encoder."""
        chunks = map(self._prepared, chunks)
        self._compiled.encode_into(ids, lengths, chunks, n_jobs)

    def numbering(self):
        """Return an encoder that numbers unknown tokens; see `FastLookup`."""
        return Prepared(self._compiled.numbering(), self._preprocess)

    def map(self, function, documents, n_jobs=1):
        """Call ``function(first, rows, lengths)`` for batch after batch."""
        return self._compiled.map(function, self._prepared(documents), n_jobs)

    def table(self):
        """Return the TokenTable of the tokens seen so far."""
        return self._compiled.table()

    def restarted(self, words):
        """Return an encoder that gives these words the first ids."""
        return Prepared(self._compiled.restarted(words), self._preprocess)

    def _prepared(self, documents):
        if self._preprocess is None:
            return documents
        prepared = list(map(self._preprocess, documents))
        if set(map(type, prepared)) <= {str}:
            return prepared
        return [_plain(text) for text in prepared]


def _plain(text):
    """Return what a preprocessor made of a string as a str, if it is one."""
    if isinstance(text, str):
        return str.__str__(text)
    raise TypeError(
        f"A preprocessor returned {shortened(text)}, of type {type(text).__name__}: it "
        "must return a string."
    )


def make_analyze(options, stop_words=frozenset(), word_ngrams=(1, 1)):
    """Return the function that makes a list of tokens of one string.

    Parameters
    ----------
    options : TextOptions
        How strings become tokens.
    stop_words : set of str, default=frozenset()
        Tokens to leave out.
    word_ngrams : tuple of two int, default=(1, 1)
        Least and largest number of neighbouring tokens that are joined.
    """
    steps = make_preprocess(options), make_split(options)
    return partial(
        _analyzed, options, steps, stop_words, tuple(checked_range(word_ngrams))
    )


def _analyzed(options, steps, stop_words, word_ngrams, text):
    """Return the tokens of one string, or of its bytes."""
    if isinstance(text, bytes) and options.encoding is not None:
        text = decoded(text, options)
    prepare, split = steps
    tokens = split(text if prepare is None else _plain(prepare(text)))
    if stop_words:
        tokens = [token for token in tokens if token not in stop_words]
    return word_terms(tokens, *word_ngrams)


def stop_word_set(stop_words):
    """Return the words to leave out, as a set."""
    if stop_words is None:
        return frozenset()
    if isinstance(stop_words, str):
        if stop_words != "english":
            raise ValueError(
                f"There is no list of stop words for {stop_words!r}: "
                "give 'english', or a list of words, such as "
                "stopwordsiso.stopwords('ru')."
            )
        from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

        return ENGLISH_STOP_WORDS
    for word in stop_words:
        if not isinstance(word, str):
            raise TypeError(
                f"stop_words holds {word!r} of type {type(word).__name__}: every stop "
                "word must be a string."
            )
    return frozenset(stop_words)
