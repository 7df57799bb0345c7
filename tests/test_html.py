"""The interactive page: whole or absent, self-contained, and safe with any word."""

# SPDX-License-Identifier: BSD-3-Clause

import html
import html.parser
import json
import os
import re

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sklearn_embed import FastTextVectorizer
from sklearn_embed._vectors.word_vectors import WordVectors
from sklearn_embed.plotting import _html, write_html

HOSTILE = [
    "</script><script>window.hacked=1</script>",
    "<img src=x onerror=window.hacked=1>",
    "'\"`${window.hacked=1}`\\",
    "<!--",
    "]]>",
    "@word @{note} $$x$$",
    "שלום",
    "\u202eevil",
    "nul\x00",
    "\ud800",
    "a\u2028b\nc",
    "&amp;",
    "猫",
]


class Scripts(html.parser.HTMLParser):
    """Collects the elements of a page that could run or fetch something."""

    def __init__(self):
        super().__init__()
        self.scripts, self.fetched, self.others = [], [], set()
        self._inside = False

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.fetched += [attrs[name] for name in ("src", "href") if name in attrs]
        self.others.add(tag)
        self._inside = tag == "script"
        if self._inside:
            self.scripts.append([attrs.get("type"), ""])

    def handle_endtag(self, tag):
        self._inside = False

    def handle_data(self, data):
        if self._inside:
            self.scripts[-1][1] += data


def read(path):
    page = Scripts()
    page.feed(path.read_text("utf-8"))
    return page


def words_in(page):
    """Return the words in the page's data, in order."""
    [data] = [text for kind, text in page.scripts if kind == "application/json"]
    roots = json.dumps(json.loads(html.unescape(data)))
    found = re.search(r'\["word", (\[.*?\])\], \["note"', roots)
    return json.loads(found[1])


def vectors_of(words, seed=0, n=6):
    rng = np.random.default_rng(seed)
    return WordVectors(
        words, rng.normal(size=(len(words), n)), range(len(words), 0, -1)
    )


@pytest.fixture
def path(tmp_path):
    return tmp_path / "map.html"


def test_the_page_fetches_nothing_and_is_light(path):
    write_html(vectors_of([f"word{i}" for i in range(2000)]), path, projection="pca")
    page = read(path)
    assert page.fetched == []
    assert not page.others & {"link", "img", "iframe", "object", "embed", "base"}
    assert path.stat().st_size < 2.2e6


def test_no_script_and_no_browser_would_load_anything(path):
    words = ["$$x$$", r"\\(y\\)", ".src=`https://example.org/a.js`", "http://b"]
    write_html(vectors_of(words), path, projection="pca", title="$$t$$")
    text = path.read_text("utf-8")
    for address in ("jsdelivr", "googleapis", "unpkg", "cdn.", "mathjax@"):
        assert address not in text
    loads = r"""(?:src|_url|href)\s*=\s*["'`]https?://"""
    scripts = [script for kind, script in read(path).scripts if kind is None]
    assert scripts and not any(re.search(loads, script) for script in scripts)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]
    assert policy.startswith("default-src 'none';") and "http" not in policy
    assert text.index("Content-Security-Policy") < text.index("<script")
    assert words_in(read(path)) == words


def test_unknown_words_are_made_of_their_ngrams(path):
    texts = ["the cat sat", "the dog sat", "cats and dogs"] * 20
    model = FastTextVectorizer(4, min_count=1, epochs=1, random_state=0).fit(texts)
    write_html(model, path, words=["cat", "catty", "doggy"], projection="pca")
    assert words_in(read(path)) == ["cat", "catty", "doggy"]


def test_a_word_of_zeros_is_on_the_map(path):
    words = ["cat", "<pad>", "dog"]
    vectors = WordVectors(words, [[1.0, 0.0], [0.0, 0.0], [0.9, 0.1]])
    write_html(vectors, path, projection="pca")
    assert words_in(read(path)) == words


def test_words_cannot_leave_the_data(path, tmp_path):
    plain = tmp_path / "plain.html"
    write_html(
        vectors_of([f"word{i}" for i in HOSTILE[:3]][:2]), plain, projection="pca"
    )
    groups = {name: [name] for name in HOSTILE}
    write_html(
        vectors_of(HOSTILE), path, words=groups, projection="pca", title=HOSTILE[0]
    )
    page, plain = read(path), read(plain)
    assert len(page.scripts) == len(plain.scripts)
    assert page.others == plain.others
    assert words_in(page) == [_html.printable(word, 80) for word in HOSTILE]


def test_words_keep_their_order_and_the_frequent_come_first(path):
    words = ["the", "cat", "of", "dog"]
    write_html(
        vectors_of(words), path, n_words=2, stop_words="english", projection="pca"
    )
    assert words_in(read(path)) == ["cat", "dog"]


@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_map_of_few_words_is_written(path, n):
    write_html(vectors_of(list("abc")[:n]), path)
    assert words_in(read(path)) == list("abc")[:n]


def test_neighbours_are_the_words_of_the_highest_cosine():
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(1500, 4)).astype(np.float32)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    near, cosines = _html._neighbors(matrix, 5)
    for i in (0, 700, 1023, 1024, 1499):
        expected = matrix @ matrix[i]
        expected[i] = -np.inf
        order = np.argsort(-expected)[:5]
        assert_array_equal(near[i], order)
        np.testing.assert_allclose(cosines[i], expected[order], rtol=1e-5)


def test_a_failure_leaves_the_old_page(path, monkeypatch):
    write_html(vectors_of(["a", "b"]), path)
    before = path.read_bytes()

    def fail(*args):
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        write_html(vectors_of(["c", "d"]), path)
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == ["map.html"]


def test_the_missing_package_is_named(path, monkeypatch):
    monkeypatch.setattr(_html, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"pip install sklearn-embed\[plot\]"):
        write_html(vectors_of(["a"]), path)
    assert not path.exists()


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"n_neighbors": 0}, ValueError, "n_neighbors"),
        ({"words": ["moose"]}, KeyError, "moose"),
    ],
)
def test_a_page_of_nothing_sensible_is_refused(path, options, error, message):
    with pytest.raises(error, match=message):
        write_html(vectors_of(["a"]), path, **options)
    assert not path.exists()
