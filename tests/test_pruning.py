from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_embed import TokenizedDocuments
from sklearn_embed._text import documents as documents_module

# Small numbers are frequent, as words are.
numbers = st.integers(0, 60).map(lambda n: f"w{n * n // 60}")
streams = st.lists(st.lists(numbers, max_size=8), min_size=1, max_size=60)


@given(streams, st.integers(2, 20), st.booleans())
@settings(deadline=None)
def test_what_is_forgotten_is_bounded_as_promised(stream, largest, as_text):
    documents = [" ".join(words) for words in stream] if as_text else stream
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(documents_module, "TAKEN", 2)
        patch.setattr(documents_module, "CHUNK_DOCUMENTS", 4)
        X = TokenizedDocuments.from_documents(documents, max_vocab_size=largest)
    true = Counter(word for words in stream for word in words)
    kept = Counter(word for words in X for word in words)
    assert len(X) == len(stream)
    for word, count in true.items():
        assert count - kept[word] <= X.undercount
        if count > X.undercount:
            assert kept[word] > 0
    for words, before in zip(X, stream, strict=True):
        rest = iter(before)
        assert all(word in rest for word in words)  # in their order
    if X.undercount == 0:
        assert list(X) == stream


def test_a_large_limit_changes_nothing():
    texts = ["the cat sat", "", "a dog and the cat"] * 10
    bounded = TokenizedDocuments.from_documents(texts, max_vocab_size=100)
    assert list(bounded) == list(TokenizedDocuments.from_documents(texts))
    assert bounded.undercount == 0


def test_the_table_stays_small(monkeypatch):
    monkeypatch.setattr(documents_module, "CHUNK_DOCUMENTS", 512)
    rng = np.random.default_rng(0)
    words = np.array([f"w{n}" for n in np.minimum(rng.zipf(1.3, 200_000), 10**9)])
    texts = [" ".join(part) for part in np.split(words, 2000)]
    X = TokenizedDocuments.from_documents(iter(texts), max_vocab_size=5000)
    assert len(X.table) <= 5000
    assert 0 < X.undercount < 100
    frequent = {w for w, n in Counter(words.tolist()).items() if n > X.undercount}
    assert frequent <= set(X.table.tolist())


def test_the_limit_is_checked():
    with pytest.raises(ValueError, match="max_vocab_size=1 must be"):
        TokenizedDocuments.from_documents(["a"], max_vocab_size=1)
    with pytest.raises(ValueError, match="either strings or sequences"):
        TokenizedDocuments.from_documents(["a", ["b"]], max_vocab_size=5)
    X = TokenizedDocuments.from_documents(["a"])
    with pytest.raises(ValueError, match="not tokenised yet"):
        TokenizedDocuments.from_documents(X, max_vocab_size=5)
    assert len(TokenizedDocuments.from_documents([], max_vocab_size=5)) == 0
