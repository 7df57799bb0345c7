"""Where tokens begin and end in documents: strings in, hashed tokens out."""

# SPDX-License-Identifier: BSD-3-Clause

import re
import threading
from contextlib import contextmanager
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from sklearn_embed._text.kernels.boundaries import SLACK
from sklearn_embed._text.kernels.strings import read_strings
from sklearn_embed._text.kernels.token_table import read_tokens
from sklearn_embed._text.unicode_tables import char_table

#: Characters read at once: what is made of them fits into the second-level cache.
BATCH_CHARS = 1 << 18

#: Characters read first: most words are new then, and become known sooner this way.
FIRST_CHARS = 1 << 14

#: Documents read at once, however short they are.
BATCH_DOCUMENTS = 1 << 13

#: Scratch buffers of a thread, and threads, that are kept for the next call.
KEPT_BUFFERS, KEPT_THREADS = 2, 4


class Batch(NamedTuple):
    """Tokens, found and hashed, and where their ids go."""

    text: np.ndarray  # lowered UTF-8
    spans: np.ndarray  # start and length of token after token
    hashes: np.ndarray
    ids: np.ndarray
    missed: np.ndarray  # which tokens were not known, as far as is told elsewhere


class Strings:
    """Documents whose characters kernels may read.

    Parameters
    ----------
    documents : list of str
        Nobody may change it.  It is held as long as this is, and with it the
        characters.
    first : int, default=0
        The first document of those to take, up to a batch full of them.
    n_before : int, default=BATCH_CHARS
        Characters read before these.
    continues : bool, default=False
        Whether the document, which is the only one, began in other Strings.
    """

    def __init__(self, documents, first=0, n_before=BATCH_CHARS, continues=False):
        self.documents, self.first, self.continues = documents, first, continues
        self._lowered = []
        self.where = np.empty(
            (min(len(documents) - first, BATCH_DOCUMENTS), 3), np.int64
        )
        self.n, self.n_characters, self.n_bytes = read_strings(
            id(documents), id(str), first, batch_chars(n_before), self.where
        )
        if self.n == 0:
            kind = type(documents[first]).__name__
            raise TypeError(f"Expected strings, found one of type {kind}.")

    def is_long(self):
        """Tell whether this is one document that should come in pieces."""
        return self.n_characters > BATCH_CHARS

    def lower(self, d):
        """Put document d of these in lower case, as Python does it."""
        text = [self.documents[self.first + d].lower()]
        self._lowered.append(text)
        _, n_characters, n_bytes = read_strings(id(text), id(str), 0, 0, self.where[d:])
        self.n_characters += n_characters
        self.n_bytes += n_bytes


class ScratchBuffer:
    """Arrays for what is made of strings: used again and again.

    Memory that is fresh from the system costs more than a pass over it.
    """

    def __init__(self):
        self.ends = np.empty(BATCH_DOCUMENTS, np.int32)
        self.lengths = np.empty(BATCH_DOCUMENTS, np.int64)
        self.tail = np.empty(4 * SLACK, np.uint8)
        self.progress = np.empty(3, np.int64)
        self.out, self.edges = np.empty(0, np.uint8), np.empty(0, np.int32)

    def reserve(self, strings, per_character=1):
        """Make the arrays large enough for so many edges; keep what they hold."""
        n_bytes, n_possible = strings.n_bytes, strings.n_characters * per_character
        if n_bytes >= 2**31 - SLACK:
            raise OverflowError("A document of 2**29 characters has no gap to cut.")
        if n_bytes + SLACK > len(self.out):
            # What is not used costs nothing.
            self.out = enlarged(self.out, max(n_bytes, 4 * BATCH_CHARS) + SLACK)
        if n_possible + BATCH_DOCUMENTS + SLACK > len(self.edges):
            n_edges = max(n_possible, BATCH_CHARS) + BATCH_DOCUMENTS + SLACK
            self.edges = enlarged(self.edges, n_edges)
            self.hashes = np.empty(n_edges // 2, np.uint32)
            self.ids = np.empty(n_edges // 2, np.int32)
            self.missed = np.empty(n_edges // 2, np.int32)

    def arrays(self):
        """Return the arrays in the order in which `read_tokens` wants them."""
        found = self.tail, self.out, self.edges, self.ends, self.progress
        return *found, self.hashes, self.lengths, self.ids, self.missed

    def is_usual(self):
        """Tell whether no very long document was here."""
        return len(self.out) <= 4 * BATCH_CHARS + SLACK

    def batch(self, n_tokens):
        """Return the Batch of the tokens that are here."""
        ids = self.ids[:n_tokens]
        return Batch(self.out, self.edges, self.hashes, ids, self.missed)


class ThreadBuffers(threading.local):
    """The scratch buffers of each thread: memory last used by another one is slow, too.

    Parameters
    ----------
    lists : list
        Receives, for each thread, the list of the buffers that it does not need now.
    """

    # Between calls, so that a call does not begin with fresh memory.
    kept: list = []

    def __init__(self, lists):
        try:
            self.spare = ThreadBuffers.kept.pop()
        except IndexError:
            self.spare = []
        lists.append(self.spare)

    def take(self):
        """Return a buffer of this thread, and the list where it belongs afterwards."""
        return self.spare.pop() if self.spare else ScratchBuffer(), self.spare


@contextmanager
def scratch_buffers():
    """Give ThreadBuffers for a call; keep some for the next one if all goes well."""
    lists = []
    yield ThreadBuffers(lists)
    kept = ThreadBuffers.kept
    for spare in lists:
        kept.append([scratch for scratch in spare if scratch.is_usual()][:KEPT_BUFFERS])
    del kept[KEPT_THREADS:]


class Scanner:
    """Finds the tokens of documents and looks them up; holds nothing that changes.

    Parameters
    ----------
    lowercase : bool
        Whether to lower documents first.
    char_class : str
        Regular expression of a character of those that form tokens in a row.
    shortest : {1, 2}
        How many of them at least.
    single : str or None, default=None
        The same of characters each of which is a token, and none of the others.
    """

    # Fewer bits make tokens collide: a test does that.
    hash_mask = np.uint64(0xFFFFFFFF)

    def __init__(self, lowercase, char_class, shortest, single=None):
        self.lowercase = bool(lowercase)
        self.shortest = shortest
        self.edges_of_character = 1 if single is None else 2
        self.table = char_table(char_class, self.lowercase, single)
        self.outside = re.compile(complement(char_class))

    def read(self, strings, scratch, known):
        """Return the Batch of the tokens of strings, and how many are not known.

        Parameters
        ----------
        strings : Strings
            The documents.
        scratch : ScratchBuffer
            Receives the tokens.
        known : tuple of ndarray
            The arrays of a HashTable.
        """
        documents = strings.where, strings.n, self.table[:4]
        scratch.progress[:] = 0
        while True:
            scratch.reserve(strings, self.edges_of_character)
            n_tokens, n_missed = read_tokens(
                *documents, scratch.arrays(), self.shortest, self.hash_mask, known
            )
            if n_tokens >= 0:
                return scratch.batch(n_tokens), n_missed
            # A letter whose small form depends on its neighbours, or is longer than
            # one character.
            strings.lower(int(scratch.progress[0]))

    def pieces(self, text):
        """Yield a long string in pieces that have the same tokens, one by one."""
        start = 0
        while len(text) - start > BATCH_CHARS:
            stop = self._gap(text, start + BATCH_CHARS)
            yield text[start:stop]
            start = stop
        yield text[start:]

    def _gap(self, text, start):
        """Return the next place where a string may be cut."""
        for match in self.outside.finditer(text, start):
            # What stands beyond it must not decide how a letter is lowered, which
            # an apostrophe, for one, lets pass.
            if not self.lowercase or separates(match[0]):
                return match.start()
        return len(text)


def complement(char_class):
    r"""Return the pattern of all other characters, of ``\w`` or ``[^...]``."""
    if char_class.startswith("[^"):
        return "[" + char_class[2:]
    return char_class.swapcase()


def batches(documents, n_before=BATCH_CHARS):
    """Yield Strings of bounded length, unless there is only one document in them."""
    # A list of our own: nobody takes a string away while its characters are read.
    documents, first = list(documents), 0
    while first < len(documents):
        strings = Strings(documents, first, n_before)
        n_before += strings.n_characters
        first += strings.n
        yield strings


def batch_chars(n_before):
    """Return the characters of a batch: as many as before it, within bounds."""
    return min(max(n_before, FIRST_CHARS), BATCH_CHARS)


def enlarged(array, size):
    """Return an array that begins with another one, with space for more."""
    larger = np.empty(size, array.dtype)
    larger[: len(array)] = array
    return larger


@lru_cache(maxsize=1024)
def separates(char):
    """Tell whether letters on both sides of a character are lowered independently."""
    left = ("a\u03a3" + char + "a").lower() == "a\u03c2" + char + "a"
    right = ("a" + char + "\u03a3").lower() == "a" + char + "\u03c3"
    return left and right


def utf8(documents):
    """Return strings as a list of bytes."""
    try:
        return [*map(str.encode, documents)]
    except UnicodeEncodeError:  # a lone surrogate
        return [text.encode("utf-8", "surrogatepass") for text in documents]
