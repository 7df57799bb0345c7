"""Questions to word vectors: the vectors of words, cosines, the nearest words."""

# SPDX-License-Identifier: BSD-3-Clause

import unicodedata
from numbers import Integral, Real

import numpy as np
from scipy.linalg.blas import dnrm2

_ROWS = 8192

# Squares of float32 numbers stay finite, and above zero, between these lengths.
_SHORT, _LONG = 1e-18, 1e18


def listed_words(words, name="words"):
    """Return a list of str from any container of words.

    Raises
    ------
    TypeError
        If it is one word, no container, or holds something else than words.
    """
    if isinstance(words, (str, bytes)):
        raise TypeError(
            f"{name} must be a list of words; got one, {words!r}: [{words!r}]"
        )
    try:
        found = list(words)
    except TypeError:
        raise TypeError(
            f"{name} must be a list of words; got {type(words).__name__}"
        ) from None
    for word in found:
        if not isinstance(word, str):
            raise TypeError(f"{name} must hold words; got {_shown(word)}")
    return found


def known_words(vectors, words):
    """Tell which words have a vector, their own or one of n-grams: (n,) bool."""
    known = vectors.rows(words) >= 0
    if vectors.subwords is not None and not known.all():
        others = np.flatnonzero(~known)
        _, counts = vectors.subwords.sums([words[i] for i in others])
        known[others] = counts > 0
    return known


def vectors_of(vectors, words):
    """Return the vectors of words, of unknown ones those made of their n-grams.

    Parameters
    ----------
    vectors : WordVectors
        Where to look.
    words : list of str
        What for.

    Returns
    -------
    ndarray of shape (n, n_dimensions), float32

    Raises
    ------
    KeyError
        If words have no vector; the message names those that are spelled otherwise.
    """
    rows = vectors.rows(words)
    found = np.empty((len(rows), vectors.vector_size), np.float32)
    known = rows >= 0
    found[known] = vectors.vectors[rows[known]]
    others = [words[i] for i in np.flatnonzero(~known)]
    counts = np.zeros(len(others), np.int64)
    if vectors.subwords is not None and others:
        sums, counts = vectors.subwords.sums(others)
        found[~known] = sums / np.maximum(counts, 1).astype(np.float32)[:, None]
    if not counts.all():
        missing = [w for w, n in zip(others, counts, strict=True) if n == 0]
        raise KeyError(explained(vectors, missing))
    return found


def explained(vectors, missing):
    """Return a message about words without a vector, with other spellings if any."""
    named = []
    for word in missing[:5]:
        other = _other_spelling(vectors, word)
        named.append(repr(word) + (f" (but {other!r} has one)" if other else ""))
    more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
    return f"words without a vector: {', '.join(named)}{more}"


def _other_spelling(vectors, word):
    """Return a word of the vocabulary that is this one in another spelling, or None."""
    plain = unicodedata.normalize("NFC", word).strip().strip("\ufeff")
    tried = [plain]
    for form in (plain, unicodedata.normalize("NFKC", plain)):
        tried += [form, form.lower(), form.capitalize(), form.title(), form.upper()]
        tried.append(form.casefold())
    tried += [each.replace(" ", "_") for each in tried]
    tried += [each.replace("_", " ") for each in tried]
    tried += [unicodedata.normalize("NFD", each) for each in tried[:2]]
    return next((each for each in tried if each in vectors.row_of), None)


def keyed_for_queries(vectors):
    """Return gensim's KeyedVectors whose norms give every word a finite cosine.

    The cosine of a vector of zeros is 0.  Vectors so short or so long that their
    squares leave the range of float32 are brought to length one, in a copy.
    """
    keyed = vectors.to_keyed_vectors(subwords=False)
    with np.errstate(over="ignore", under="ignore"):
        keyed.fill_norms()
    odd = ~((keyed.norms > _SHORT) & (keyed.norms < _LONG))
    if odd.any():
        rows = unit_vectors(keyed.vectors[odd])
        if rows.any():
            keyed.vectors = np.array(keyed.vectors)
            keyed.vectors[odd] = rows
        keyed.norms[odd] = 1
    return keyed


def unit_vectors(rows):
    """Return float32 rows at length one, computed in float64; zeros stay zeros."""
    units = np.empty(np.shape(rows), np.float32)
    for first in range(0, len(units), _ROWS):  # for the sake of memory
        part = np.asarray(rows[first : first + _ROWS], np.float64)
        lengths = np.sqrt(np.einsum("ij,ij->i", part, part))
        part = part / np.where(lengths > 0, lengths, 1)[:, None]
        units[first : first + _ROWS] = part
    return units


def unit_vector(vector):
    """Return a float32 vector at length one, with gensim's rounding; zeros stay."""
    if 1e-15 < np.abs(vector).max(initial=0) < 1e15:
        length = dnrm2(vector)
        return (np.asarray(vector, np.float64) * (1.0 / length)).astype(np.float32)
    return unit_vectors(vector[None])[0]


def most_similar(vectors, positive=(), negative=(), topn=10, *, cosmul=False):
    """Return the nearest words and their scores; see `evaluation.most_similar`.

    Parameters
    ----------
    vectors : WordVectors
        Where to look.
    positive, negative : str, ndarray, or list of these
        What to add, and what to subtract.
    topn : int or None
        How many words; None: the scores of all, in the order of the rows.
    cosmul : bool, default=False
        Whether to multiply and divide instead.
    """
    if topn is not None and not isinstance(topn, Integral):
        raise TypeError(f"topn must be an integer or None; got {topn!r}")
    added = _terms(vectors, positive, "positive", 1.0, cosmul)
    taken = _terms(vectors, negative, "negative", -1.0, cosmul)
    if not added and (cosmul or not taken):
        also = "" if cosmul else " or negative"
        raise ValueError(f"there is nothing to look for: give positive{also} words")
    keyed = keyed_for_queries(vectors)
    if cosmul:
        return _most_similar_cosmul(keyed, added, taken, topn)
    return keyed.most_similar(added + taken, topn=topn)


def _most_similar_cosmul(keyed, added, taken, topn):
    """Do as gensim's method of that name, which warns of its own parts."""
    products = [np.ones(len(keyed), np.float32) for _ in range(2)]
    for product, terms in zip(products, (added, taken), strict=True):
        for term, _ in terms:
            if isinstance(term, str):
                term = keyed.get_vector(term, norm=True)
            product *= (1 + keyed.vectors @ term / keyed.norms) / 2
    scores = products[0] / (products[1] + np.float32(1e-6))
    if topn is None:
        return scores
    asked = {
        keyed.key_to_index[term] for term, _ in added + taken if isinstance(term, str)
    }
    best = np.argsort(-scores, kind="stable")[: max(topn, 0) + len(asked)]
    found = [i for i in best.tolist() if i not in asked]
    return [(keyed.index_to_key[i], float(scores[i])) for i in found[: max(topn, 0)]]


def similarity(vectors, w1, w2):
    """Return the cosine of two words, 0 where one has a vector of zeros."""
    first, second = vectors_of(vectors, listed_words([w1, w2], "w1 and w2"))
    return float(np.clip(np.dot(unit_vector(first), unit_vector(second)), -1, 1))


def _terms(vectors, given, name, weight, unit):
    """Return (word or vector, weight) for each term; unknown words become vectors."""
    terms = []
    for term in _listed(given, name):
        its_weight = weight
        if isinstance(term, tuple) and len(term) == 2 and isinstance(term[1], Real):
            term, its_weight = term  # as gensim takes it
        terms.append((_term(vectors, term, name, unit), its_weight))
    words = [term for term, _ in terms if isinstance(term, str)]
    unknown = [word for word in dict.fromkeys(words) if word not in vectors]
    made = {}
    if unknown:
        vectors_of(vectors, unknown)  # or KeyError
        sums, _ = vectors.subwords.sums(unknown)
        made = dict(zip(unknown, sums, strict=True))
    for word, vector in made.items():
        length = np.linalg.norm(vector)
        usual = _SHORT < length < _LONG  # as gensim rounds
        made[word] = vector / length if usual else unit_vectors(vector[None])[0]
    return [(made.get(t, t) if isinstance(t, str) else t, w) for t, w in terms]


def _listed(given, name):
    """Return a list of what may be one word, one vector, or a container of them."""
    if given is None:
        return []
    if isinstance(given, str):
        return [given]
    if isinstance(given, bytes):
        raise TypeError(f"{name} must hold words, that is, str; got {given!r}")
    if hasattr(given, "__array__"):  # a Series, a tensor
        given = np.asarray(given)
    if isinstance(given, np.ndarray) and given.ndim == 1 and not _holds_words(given):
        return [given]
    if isinstance(given, np.ndarray) and given.ndim == 0:
        return [given.item()]
    try:
        return list(given)
    except TypeError:
        raise TypeError(
            f"{name} must be a word, a vector, or a list of these; got {_shown(given)}"
        ) from None


def _holds_words(array):
    """Tell whether an array of one axis is a list of words, and not a vector."""
    return array.dtype.kind in "UST" or (
        array.dtype.kind == "O" and any(isinstance(each, str) for each in array)
    )


def _term(vectors, term, name, unit):
    """Return a word, or a vector that fits and is finite."""
    if isinstance(term, str):
        return term
    if not isinstance(term, np.ndarray):
        hint = ""
        if isinstance(term, Real):
            hint = "; a vector must be an array: numpy.array(...)"
        raise TypeError(f"{name} must hold words or vectors; got {_shown(term)}{hint}")
    try:
        with np.errstate(over="ignore"):
            vector = np.asarray(term, np.float32)
    except (TypeError, ValueError):
        raise TypeError(
            f"{name} holds an array that is no vector: {_shown(term)}"
        ) from None
    if vector.shape != (vectors.vector_size,):
        raise ValueError(
            f"{name} holds a vector of shape {vector.shape}; those of the words have "
            f"shape ({vectors.vector_size},)"
        )
    if not np.isfinite(vector).all():
        raise ValueError(f"{name} holds a vector with NaN or infinite numbers")
    if unit:
        return unit_vectors(vector[None])[0]
    return term if term.dtype.kind in "fiu" else vector


def _shown(thing):
    """Return a value as Python writes it, cut short."""
    text = " ".join(repr(thing).split())
    return f"{type(thing).__name__} {text[:40]}" + "…" * (len(text) > 40)
