"""Texts cut into pieces of words, by the tokenizer that a static model brings along."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_embed._core.arrays import readonly
from sklearn_embed._core.threads import run_all
from sklearn_embed._text.documents import shortened
from sklearn_embed._text.table import TokenTable

#: Texts that a thread cuts at once.
N_AT_ONCE = 256

#: How much longer a normalizer may make a text: the longest one of Unicode is 18.
LARGEST_GROWTH = 64

#: What a tokenizer is made of.  Special tokens are not added to texts, and padding
#: and truncation are ours.
_PARTS = ("version", "added_tokens", "normalizer", "pre_tokenizer", "model")


class Built(NamedTuple):
    """A tokenizer that is ready for use."""

    tokenizer: Any
    words: list[str]  # by id
    table: TokenTable  # the same
    unknown: int  # id of what stands for unknown characters, -1: there is none
    max_characters: int | None


@dataclass(frozen=True, eq=False)
class PieceTokenizer:
    """Cuts a text into the pieces of words that a static model has vectors of.

    It is a function, str → list of str, which can be an `analyzer` of any estimator;
    the package ``tokenizers`` does the work.

    Parameters
    ----------
    document : ndarray of shape (n_bytes,), uint8
        ``tokenizer.json`` of the package ``tokenizers``.
    max_length : int or None, default=None
        Pieces of a text that count; of longer ones no more characters are looked at
        than this times the median length of a piece, as in model2vec.
    drop_unknown : bool, default=True
        Whether the piece that stands for unknown characters is left out.
    """

    document: np.ndarray
    max_length: int | None = None
    drop_unknown: bool = True

    def __post_init__(self) -> None:
        text = readonly(np.atleast_1d(self.document), np.uint8)
        if text.ndim != 1:
            raise ValueError("a tokenizer is a file of bytes")
        length = self.max_length
        if length is not None and not 1 <= length < 1 << 31:
            raise ValueError(
                f"max_length={length} must be from 1 to 2**31 - 1, or None"
            )
        object.__setattr__(self, "document", text)
        object.__setattr__(self, "_text", text.tobytes())

    def __call__(self, text: str) -> list[str]:
        built = self.built()
        ids, _ = self.encode([text])
        return [built.words[i] for i in ids.tolist()]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PieceTokenizer):
            return NotImplemented
        return self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        more = "" if self.max_length is None else f", max_length={self.max_length}"
        return f"<PieceTokenizer: {len(self.document)} bytes{more}>"

    def __reduce__(self):
        return PieceTokenizer, (self.document, self.max_length, self.drop_unknown)

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self

    def _key(self):
        return self._text, self.max_length, self.drop_unknown

    def built(self) -> Built:
        """Return the tokenizer itself, made at the first use.

        Raises
        ------
        ImportError
            If the package ``tokenizers`` is missing.
        ValueError
            If the document describes no tokenizer.
        """
        return _build(*self._key())

    def encode(
        self, texts: Sequence[str], n_jobs: int = 1
    ) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Return the ids of the pieces of all texts, and each text's number of them.

        Parameters
        ----------
        texts : list of str
            The texts.
        n_jobs : int, default=1
            Threads.

        Returns
        -------
        ids : ndarray of shape (n_pieces,), int32
        lengths : ndarray of shape (n_texts,), int64

        Raises
        ------
        ValueError
            If the tokenizer cannot cut a text.
        """
        self.built()  # not by several threads
        starts = range(0, len(texts), N_AT_ONCE)
        parts: list = [None] * len(starts)

        def cut(number):
            some = texts[starts[number] : starts[number] + N_AT_ONCE]
            parts[number] = self.encode_part(some, n_jobs > 1)

        run_all(cut, range(len(starts)), n_jobs)
        ids = [np.empty(0, np.int32), *(part[0] for part in parts)]
        lengths = [np.empty(0, np.int64), *(part[1] for part in parts)]
        return np.concatenate(ids), np.concatenate(lengths)

    def encode_part(self, texts: Sequence[str], several: bool) -> tuple:
        """Return what `encode` does, in one thread; `several`: there are others."""
        built, longest = self.built(), self.built().max_characters
        found: list[list[int]] = []
        for text in texts:
            text = text if longest is None else text[:longest]
            found.append(_ids_of(built.tokenizer, text, several))
        lengths = np.fromiter(map(len, found), np.int64, len(found))
        total = int(lengths.sum())
        ids = np.fromiter(chain.from_iterable(found), np.int64, total)
        if total and ids.max() >= len(built.words):
            raise ValueError("the tokenizer gives numbers beyond its vocabulary")
        if built.unknown >= 0:
            known = ids != built.unknown
            sums = np.concatenate([[0], np.cumsum(known)])
            ends = np.cumsum(lengths)
            ids, lengths = ids[known], sums[ends] - sums[ends - lengths]
        return ids.astype(np.int32), lengths


class PieceEncoder:
    """Turns documents into ids of the pieces of a PieceTokenizer; see `Encoder`."""

    def __init__(self, tokenizer):
        self._tokenizer, self.n_documents = tokenizer, 0

    def encode_into(self, ids, lengths, chunks, n_jobs=1):
        """Append ids and documents' lengths to a Growing or Spool each."""
        for texts in chunks:
            found, some = self._tokenizer.encode(texts, n_jobs)
            ids.append(found)
            lengths.append(some)

    def table(self):
        """Return the TokenTable of all pieces."""
        return self._tokenizer.built().table


def _ids_of(tokenizer, text, several):
    """Return the ids of one text.

    The method for lists alone lets other threads run meanwhile.  It also starts
    threads of its own, of which a list of one text keeps one busy.
    """
    try:
        if several:
            (found,) = tokenizer.encode_batch_fast([text], add_special_tokens=False)
        else:
            found = tokenizer.encode(text, add_special_tokens=False)
        return found.ids
    except BaseException as error:
        # Lone surrogates, which UTF-8 has not, are what Python alone knows.
        legal = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        if legal != text:
            return _ids_of(tokenizer, legal, several)
        raise _refusal(error, f"cannot cut {shortened(text)}") from error


def _refusal(error, what):
    """Return the error to raise in place of one of the package tokenizers."""
    # A panic of Rust is no Exception.
    if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
        return error
    return ValueError(f"the tokenizer {what}: {error!s:.200}")


@lru_cache(maxsize=4)
def _build(text, max_length, drop_unknown):
    """Return the Built of a document."""
    library = _library()
    parts = _checked(text)
    try:
        tokenizer = library.Tokenizer.from_str(json.dumps(parts))
        vocabulary = tokenizer.get_vocab(with_added_tokens=True)
        unknown = _unknown(tokenizer, parts) if drop_unknown else None
        if max_length is not None:
            tokenizer.enable_truncation(max_length)
    except BaseException as error:
        raise _refusal(error, "is none that can be used") from error
    words = sorted(vocabulary, key=vocabulary.__getitem__)
    if not words or [vocabulary[word] for word in words] != list(range(len(words))):
        raise ValueError("the tokenizer's numbers do not go from 0 on without a gap")
    longest = None
    if max_length is not None:
        longest = max_length * int(np.median([len(word) for word in words]))
    table = TokenTable.from_tokens(words)
    return Built(tokenizer, words, table, -1 if unknown is None else unknown, longest)


def _library():
    """Import the package tokenizers, or say where it comes from."""
    try:
        import tokenizers
    except ImportError as error:
        raise ImportError(
            "Static models cut texts by the package tokenizers, which is not "
            "installed: pip install 'sklearn-embed[tokenizers]'"
        ) from error
    return tokenizers


def _unknown(tokenizer, parts):
    """Return the id of what stands for unknown characters, or None."""
    model = tokenizer.model
    if hasattr(model, "unk_token"):
        return (
            None if model.unk_token is None else tokenizer.token_to_id(model.unk_token)
        )
    found = parts["model"].get("unk_id")  # of Unigram
    return found if type(found) is int and found >= 0 else None


def _checked(text):
    """Return the parts of a tokenizer that matter, if nothing in them is hostile."""
    try:
        whole = json.loads(text)
        parts = {name: whole[name] for name in _PARTS if name in whole}
        model = dict(parts["model"])
        if model.get("dropout") is not None:
            model["dropout"] = None  # pieces drawn at random
        if _growth(parts.get("normalizer")) > LARGEST_GROWTH:
            raise ValueError("its normalizer makes texts many times longer")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError(f"this is no tokenizer.json: {error!r:.200}") from error
    return {**parts, "model": model}


def _growth(node):
    """Return how many times longer a normalizer may make a text, at most about."""
    if not isinstance(node, dict):
        return 1
    if node.get("type") == "Sequence":
        total = 1
        for part in node["normalizers"]:
            total *= _growth(part)
            if total > LARGEST_GROWTH:
                break
        return total
    if node.get("type") == "Precompiled":
        # A trie, and after it strings that end in a zero byte.
        table = base64.b64decode(node["precompiled_charsmap"])
        strings = table[4 + int.from_bytes(table[:4], "little") :].split(b"\0")
        return max(1, max(map(len, strings)) // 4)
    return max(1, len(str(node.get("content") or "")), len(node.get("prepend") or ""))
