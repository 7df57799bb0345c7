"""`show_progress`: who is told of what, and that nothing else changes."""

import contextlib
import io
import sys

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sklearn_embed import (
    FastTextClassifier,
    FastTextVectorizer,
    TokenizedDocuments,
    Word2VecVectorizer,
    show_progress,
)

TEXTS = ["the cat sat", "a dog, and the cat", "", "the very last dog"] * 50
MODEL = Word2VecVectorizer(4, min_count=1, epochs=3, random_state=0)


@pytest.fixture
def small(monkeypatch):
    """Let a chunk be of some hundred characters."""
    for place in ("_text.documents.FOLLOWED_CHARACTERS", "_text.documents.TAKEN"):
        monkeypatch.setattr(f"sklearn_embed.{place}", 40)
    monkeypatch.setattr("sklearn_embed._vectors.document_rows.BLOCK_TOKENS", 100)


def told(call):
    """Return what a call gives, and what was reported, by kind of work."""
    reports = {}
    with show_progress(lambda work, *how: reports.setdefault(work, []).append(how)):
        result = call()
    return result, reports


def check(reports, n, total):
    """Check that all of n documents are counted, one chunk after the other."""
    done = [done for done, _ in reports]
    assert done[0] == 0 and done[-1] == n and len(done) > 3
    assert done == sorted(done)
    assert {of for _, of in reports} == {total}


def test_reading_documents_is_followed(small):
    for X, total in (
        (TEXTS, 200),
        (np.array(TEXTS, object), 200),
        ((text for text in TEXTS), None),
        ([text.split() for text in TEXTS], 200),
    ):
        expected = TokenizedDocuments.from_documents(X if total else TEXTS)
        documents, reports = told(lambda X=X: TokenizedDocuments.from_documents(X))
        assert [*reports] == ["documents"]
        check(reports["documents"], 200, total)
        assert [*documents] == [*expected]
        assert documents.table.tolist() == expected.table.tolist()


@pytest.mark.parametrize(
    "model", [MODEL, FastTextVectorizer(4, min_count=1, epochs=1, random_state=0)]
)
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_transform_is_followed_and_gives_the_same_rows(small, model, n_jobs):
    model.set_params(n_jobs=1).fit(TEXTS)
    model.set_params(n_jobs=n_jobs)
    for X in (TEXTS, TokenizedDocuments.from_documents(TEXTS)):
        rows, reports = told(lambda X=X: model.transform(X))
        assert [*reports] == ["documents"]
        check(reports["documents"], 200, 200)
        assert_array_equal(rows, model.transform(X))


def test_epochs_are_followed():
    _, reports = told(lambda: MODEL.fit(TEXTS))
    assert reports["documents"] == [(0, 200), (200, 200)]
    work = "epochs of Word2VecVectorizer"
    assert reports[work] == [(n, 3) for n in range(4)]
    classifier = FastTextClassifier(4, epochs=2, random_state=0)
    _, reports = told(lambda: classifier.fit(TEXTS, [0, 1, 0, 1] * 50).predict(TEXTS))
    assert reports["epochs of FastTextClassifier"][-1] == (2, 2)


def test_the_innermost_is_told_and_nobody_afterwards():
    outer, inner = [], []
    with show_progress(lambda *how: outer.append(how)):
        with show_progress(lambda *how: inner.append(how)):
            TokenizedDocuments.from_documents(TEXTS)
        assert outer == [] and inner
        before = len(inner)
        TokenizedDocuments.from_documents(TEXTS)
    n = len(outer)
    assert n and len(inner) == before
    TokenizedDocuments.from_documents(TEXTS)
    assert len(outer) == n


def test_an_error_leaves_nothing_behind(small):
    outer = []
    with show_progress(lambda *how: outer.append(how)):
        with pytest.raises(TypeError, match="Document 199 is of type int"):
            TokenizedDocuments.from_documents([*TEXTS[:-1], 3])
        n = len(outer)
        TokenizedDocuments.from_documents(TEXTS)  # followed again
    assert len(outer) > n
    with pytest.raises(ZeroDivisionError), show_progress(lambda *how: 1 / 0):
        TokenizedDocuments.from_documents(TEXTS)
    _, reports = told(lambda: TokenizedDocuments.from_documents(TEXTS))
    assert reports


def test_bars_are_drawn(small):
    written = io.StringIO()
    with contextlib.redirect_stdout(written), show_progress():
        MODEL.fit(TEXTS).transform(TEXTS)
        TokenizedDocuments.from_documents(text for text in TEXTS)
    lines = written.getvalue().splitlines()
    assert sum("documents" in line for line in lines) == 1
    assert any(
        "epochs of Word2VecVectorizer" in line and "3/3" in line for line in lines
    )


def test_bars_name_what_they_need(monkeypatch):
    monkeypatch.setitem(sys.modules, "rich", None)
    with (
        pytest.raises(ImportError, match=r"sklearn-embed\[progress\]"),
        show_progress(),
    ):
        pass
