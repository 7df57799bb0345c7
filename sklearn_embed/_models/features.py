"""Features of labelled documents: words, character n-grams, n-grams of words."""

# SPDX-License-Identifier: BSD-3-Clause

from typing import NamedTuple

import numpy as np

from sklearn_embed._core.arrays import readonly
from sklearn_embed._core.growing import Spool
from sklearn_embed._core.threads import run_all
from sklearn_embed._models.bags import bags
from sklearn_embed._models.kernels.bag_rows import number_buckets
from sklearn_embed._models.kernels.class_tree import (
    find_leaves,
    leaf_log_probabilities,
    new_search,
    tree_children,
)
from sklearn_embed._models.kernels.classifier import (
    Targets,
    flat_matrices,
    new_buffers,
    score_documents,
)
from sklearn_embed._models.kernels.classifier_blank import mark_blank
from sklearn_embed._models.kernels.document_features import (
    DocumentBatch,
    most_features,
    word_ngrams,
)
from sklearn_embed._models.weighting import list_features
from sklearn_embed._text.char_ngrams import ngram_buckets, token_codes
from sklearn_embed._text.tokens import stop_word_set
from sklearn_embed._text.vocabulary import token_counts

#: Documents of one call, at least.
LEAST_DOCUMENTS = 64


class Ngrams(NamedTuple):
    """Which n-grams count, and how many values their hash can take."""

    word_ngrams: int  # longest of words; 1: none
    min_n: int
    max_n: int  # shortest and longest of characters; longest 0: none
    n_buckets: int

    @property
    def wanted(self):
        """Whether there are any."""
        return self.word_ngrams > 1 or self.max_n > 0


class Labelled:
    """Documents with their labels and weights.

    Parameters
    ----------
    documents : TokenizedDocuments
        The documents.
    offsets : ndarray of shape (n + 1,), int64
        Where each document's labels begin.
    labels : ndarray, int32
        Numbers of classes.
    weights : ndarray of shape (n,), float32
        How much each document counts.
    """

    def __init__(self, documents, offsets, labels, weights):
        self.documents = documents
        self.targets = Targets(
            readonly(offsets, np.int64),
            readonly(labels, np.int32),
            readonly(weights, np.float32),
            False,
        )

    def __len__(self):
        return len(self.documents)

    def __getitem__(self, mask):
        """Return the documents of a boolean mask."""
        offsets, labels, weights, _ = self.targets
        sizes = np.diff(offsets)
        chosen = np.concatenate([[0], np.cumsum(sizes[mask])])
        return Labelled(
            self.documents[mask], chosen, labels[np.repeat(mask, sizes)], weights[mask]
        )


class FewBuckets:
    """The rows of few buckets of many, asked for as those of an array of all.

    Parameters
    ----------
    buckets : ndarray, int32
        Ascending.
    rows : ndarray, int32, or None, default=None
        Theirs; None: each has the row of its place.
    """

    def __init__(self, buckets, rows=None):
        self.buckets, self.rows = buckets, rows

    def __getitem__(self, wanted):
        """Return the rows of some buckets: int32, -1 where there is none."""
        if not len(self.buckets):
            return np.full(len(wanted), -1, np.int32)
        places = np.searchsorted(self.buckets, wanted).astype(np.int32)
        places[places == len(self.buckets)] = 0
        known = self.buckets[places] == wanted
        rows = places if self.rows is None else self.rows[places]
        return np.where(known, rows, np.int32(-1))


class FeatureSpace:
    """A vocabulary, and the rows of n-grams that follow those of its words.

    Row V belongs to the mark that ends every document.

    Parameters
    ----------
    vocabulary : Vocabulary
        The words.
    ngrams : Ngrams
        Which n-grams there are.
    stop_words : object
        As the parameter of that name; these tokens are not there at all.
    bucket_rows : ndarray of shape (n_buckets,), int32, or FewBuckets
        Place of each bucket's row among those of buckets, -1 where it has none.
    skip : bool, default=False
        Whether n-grams without a row do not count; otherwise they are zeros.
    weights : Weights or None, default=None
        How much each feature counts; None: the mean of all is taken.
    """

    def __init__(
        self, vocabulary, ngrams, stop_words, bucket_rows, skip=False, weights=None
    ):
        self.vocabulary, self.weights = vocabulary, weights
        self.ngrams, self.stop_words, self.skip = ngrams, stop_words, skip
        if not isinstance(bucket_rows, FewBuckets):
            bucket_rows = readonly(bucket_rows, np.int32)
        self.bucket_rows = bucket_rows

    def __len__(self):
        return len(self.vocabulary)

    @classmethod
    def learn(cls, vocabulary, ngrams, stop_words, documents, known=None):
        """Give a row to every bucket that these documents, or earlier ones, touch."""
        if not ngrams.wanted:
            return cls(vocabulary, ngrams, stop_words, np.empty(0, np.int32))
        rows = np.full(ngrams.n_buckets, -1, np.int32) if known is None else known + 0
        n = int(rows.max(initial=-1)) + 1
        space = cls(vocabulary, ngrams, stop_words, rows)
        for buckets in space.buckets_of(documents):
            n = number_buckets(buckets, rows, n)
        return cls(vocabulary, ngrams, stop_words, rows)

    def buckets_of(self, documents):
        """Yield the buckets that documents touch, any number of times each."""
        if self.ngrams.max_n > 0:
            left_out = self.left_out(documents.table)
            used = (token_counts(documents) > 0) & (left_out == 0)
            bounds, buckets = self.character_ngrams(documents.table)
            yield buckets[np.repeat(used, np.diff(bounds))]
        if self.ngrams.word_ngrams > 1:
            for _, buckets in self.word_ngrams(documents):
                yield buckets

    @property
    def n_rows(self):
        """Number of input rows: words, mark and buckets."""
        return len(self) + 1 + int(self.bucket_rows.max(initial=-1)) + 1

    def mean_features(self, documents):
        """Return about how many features, repeated ones included, a document has."""
        counts = token_counts(documents) * (self.left_out(documents.table) == 0)
        sizes = (self.vocabulary.rows(documents.table) >= 0).astype(np.int64)
        if self.ngrams.max_n > 0:
            sizes += np.diff(self.character_ngrams(documents.table)[0])
        sizes += self.ngrams.word_ngrams - 1
        return 1 + float(counts @ sizes) / max(1, len(documents))

    def character_ngrams(self, table):
        """Return bounds and buckets of the character n-grams of a table's tokens."""
        return ngram_buckets(table, *self.ngrams[1:])

    def left_out(self, table):
        """Return uint8: 1 for the tokens of a table that are not there at all."""
        stops = stop_word_set(self.stop_words)
        out = np.zeros(len(table), np.uint8)
        if stops:
            out[:] = [token in stops for token in table.tolist()]
        return readonly(out)

    def word_ngrams(self, documents):
        """Yield bounds and buckets of the n-grams of words, some documents a time."""
        table = documents.table
        codes = token_codes(table).view(np.int32).astype(np.int64).view(np.uint64)
        per_token = readonly(codes), self.left_out(table)
        limits = int(self.ngrams.word_ngrams), int(self.ngrams.n_buckets)
        for block in documents.blocks():
            yield word_ngrams(
                block.ids, block.starts, block.offsets, *per_token, *limits
            )

    def word_ngram_rows(self, documents):
        """Return where each document's n-grams of words begin, and their rows."""
        sizes, rows = [np.zeros(1, np.int64)], Spool(np.int32)
        if self.ngrams.word_ngrams == 1:
            return np.zeros(len(documents) + 1, np.int64), rows.result()
        for bounds, buckets in self.word_ngrams(documents):
            found = self.bucket_rows[buckets]
            found[found >= 0] += len(self) + 1
            rows.append(found)
            sizes.append(np.diff(bounds))
        return np.cumsum(np.concatenate(sizes)), rows.result()

    def arrays(self, documents):
        """Return documents as arrays for the kernels."""
        table = documents.table
        bounds, others = np.zeros(len(table) + 1, np.int64), np.empty(0, np.int32)
        if self.ngrams.max_n > 0:
            bounds, buckets = self.character_ngrams(table)
            others = self.bucket_rows[buckets]
            others[others >= 0] += len(self) + 1
        places = documents.ids, documents.starts, documents.offsets
        bag = [*map(readonly, bags(self.vocabulary.rows(table), bounds, others))]
        ngrams = [*map(readonly, self.word_ngram_rows(documents))]
        most = most_features(*places, bag[0], ngrams[0])
        rows = *bag, self.left_out(table), *ngrams
        return DocumentBatch(*places, *rows, len(self), bool(self.skip), int(most))

    def scores(self, documents, inputs, outputs, n_jobs=1, tree=None, blank=None):
        """Return a score for each class: float32 (n, C).

        The products of hidden vectors and output rows; with a tree, logarithms of
        probabilities.  `blank`, if given, are the scores of a document without any
        feature that has a row.
        """
        n_classes = len(outputs) if tree is None else len(tree.offsets) - 1
        out = np.empty((len(documents), n_classes), np.float32)
        matrices = inputs, outputs
        self._predict(_score, documents, matrices, n_jobs, tree, out, blank)
        return out

    def best_leaves(self, documents, inputs, outputs, n_jobs, tree, blank=None):
        """Return the number of each document's likeliest class: int64 (n,).

        `blank`, if given, is that of a document without any feature that has a row.
        """
        out = np.empty(len(documents), np.int64)
        matrices = inputs, outputs
        self._predict(_search, documents, matrices, n_jobs, tree, out, blank)
        return out

    def _predict(self, predict, documents, matrices, n_jobs, tree, out, blank):
        if tree is not None and len(tree.offsets) < 3:
            out[:] = 0  # there is one class
            return
        children = None if tree is None else readonly(tree_children(tree))
        batch, flat = self.arrays(documents), flat_matrices(*matrices, False)
        step = max(LEAST_DOCUMENTS, len(documents) // 64)

        def call(first):
            part, place = out[first : first + step], first
            chosen = batch
            if self.weights is not None:
                bounds, place = (first, first + len(part)), 0
                lists = list_features(batch, len(matrices[0]), bounds)
                chosen = lists.weighted(self.weights)
            predict(chosen, flat, matrices[1], children, place, part)

        run_all(call, range(0, len(documents), step), n_jobs)
        if blank is not None:
            marks = np.empty(len(documents), np.uint8)
            mark_blank(batch, marks)
            out[marks == 1] = blank


class FewFeatures(FeatureSpace):
    """The features of some documents, with rows of a matrix that holds these alone.

    Attributes
    ----------
    are_stored : bool
        Whether every feature of the documents has a row.
    """

    def __init__(self, space, batch, n_rows, are_stored):
        super().__init__(
            space.vocabulary,
            space.ngrams,
            space.stop_words,
            space.bucket_rows,
            space.skip,
        )
        self._batch, self._n_rows, self.are_stored = batch, n_rows, are_stored

    def __len__(self):
        return self._n_rows

    def arrays(self, documents):
        """Return the documents, always the same, as arrays for the kernels."""
        return self._batch


def with_few_buckets(space, documents, n):
    """Give rows n, n + 1, … to the buckets of documents that have none.

    Parameters
    ----------
    space : FeatureSpace
        It is not changed.
    documents : TokenizedDocuments
        The documents.
    n : int
        How many buckets have a row.

    Returns
    -------
    FewBuckets
        The buckets of these documents, and their rows as `FeatureSpace.learn` gives
        them.
    """
    lists = list(space.buckets_of(documents))
    buckets = np.unique(np.concatenate([np.empty(0, np.int32), *lists]))
    rows = space.bucket_rows[buckets]
    for some in lists:
        places = np.searchsorted(buckets, some).astype(np.int32)
        n = number_buckets(places, rows, n)
    return FewBuckets(buckets, rows)


def of_few_rows(space, documents):
    """Return the rows that documents use, and FewFeatures numbered by their places.

    Parameters
    ----------
    space : FeatureSpace
        The features.
    documents : TokenizedDocuments
        The documents.

    Returns
    -------
    rows : ndarray, int64
        Ascending; -1 is never there.
    features : FewFeatures
    """
    batch = space.arrays(documents)
    seen = np.zeros(len(documents.table), bool)
    for block in documents.blocks():
        seen[block.flat_ids()] = True
    seen &= batch.left_out == 0
    used = batch.bag_rows[np.repeat(seen, np.diff(batch.bag_offsets))]
    used = np.unique(np.concatenate([used, batch.ngram_rows, [batch.end_row]]))
    are_stored = bool(used[0] >= 0)
    used = used[used >= 0].astype(np.int64)

    def moved(rows):
        """Return where rows lie among those used; others, which are not read, at 0."""
        places = np.searchsorted(used, rows)
        places[places == len(used)] = 0
        places[rows < 0] = -1
        return readonly(places, np.int32)

    batch = batch._replace(
        bag_rows=moved(batch.bag_rows),
        ngram_rows=moved(batch.ngram_rows),
        end_row=int(np.searchsorted(used, batch.end_row)),
    )
    return used, FewFeatures(space, batch, len(used), are_stored)


def _score(batch, matrices, outputs, children, first, out):
    buffers, last = new_buffers(batch, outputs), first + len(out)
    if children is None:
        score_documents(batch, matrices, buffers, first, last, out)
        return
    scores = np.empty((len(out), len(children)), np.float32)
    score_documents(batch, matrices, buffers, first, last, scores)
    leaf_log_probabilities(scores, children, np.empty(len(children)), out)


def _search(batch, matrices, outputs, children, first, out):
    buffers, last = new_buffers(batch, outputs), first + len(out)
    find_leaves(batch, matrices, buffers, new_search(children), first, last, out)
