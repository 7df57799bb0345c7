"""The corpus of docstrings: what is read, what is masked, and what the cache bears."""
# SPDX-License-Identifier: BSD-3-Clause

import gc
import gzip
import json
import os
import subprocess
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.utils import Bunch

from sklearn_embed.datasets import _docstrings, load_docstrings
from sklearn_embed.datasets import _load as datasets

LONG = "This sentence has quite enough words of its own to count as one paragraph {}."
NUMBERS = ("one two three four five six seven eight nine ten eleven twelve").split()


def paragraph(*names):
    """Return a paragraph that no other call with other names returns."""
    return LONG.format("about " + " and ".join(names))


def write_package(root, files):
    """Write {relative path: source} below root."""
    for name, source in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")


@pytest.fixture
def packages(tmp_path, monkeypatch):
    """Two small packages, on the path, in place of the six libraries."""
    for library in ("alpha", "beta"):
        modules = {
            f"{library}/m_{a}.py": f'"""{paragraph(library, a)}"""\n'
            + "".join(
                f'def f_{b}():\n    """{paragraph(library, a, b)}"""\n'
                for b in NUMBERS[: 2 + len(a)]
            )
            for a in NUMBERS
        }
        root = tmp_path / "site"
        write_package(root, {f"{library}/__init__.py": "boom = 1 / 0", **modules})
    monkeypatch.syspath_prepend(root)
    monkeypatch.setattr(datasets, "LIBRARIES", {"alpha": "alpha", "beta": "beta"})
    return root


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty cache folder, and a count of how often the sources are read."""
    folder = tmp_path / "home"
    reads = []

    def counted(roots, read=datasets.read_packages):
        reads.append(roots)
        return read(roots)

    monkeypatch.setattr(datasets, "read_packages", counted)
    return folder, reads


def clean(docstring):
    return _docstrings._paragraphs(docstring)


def test_a_bunch_has_what_scikit_learns_loaders_give(packages, home):
    bunch = load_docstrings(data_home=home[0])
    assert isinstance(bunch, Bunch)
    assert bunch.target_names == ["alpha", "beta"]
    assert type(bunch.data) is list and type(bunch.data[0]) is str
    assert bunch.target.dtype == np.int64
    assert len(bunch.data) == len(bunch.target) == len(bunch.filenames)
    assert "alpha" in bunch.DESCR and f"{len(bunch.data)} paragraphs" in bunch.DESCR
    assert bunch.filenames[0].startswith("alpha/m_")
    assert "frame" not in bunch


def test_x_and_y_come_alone_on_request(packages, home):
    bunch = load_docstrings(data_home=home[0])
    data, target = load_docstrings(data_home=home[0], return_X_y=True)
    assert data == bunch.data
    assert_array_equal(target, bunch.target)


def test_a_frame_holds_the_same_rows(packages, home):
    plain = load_docstrings(data_home=home[0], subset="test")
    bunch = load_docstrings(data_home=home[0], subset="test", as_frame=True)
    assert list(bunch.frame.columns) == ["text", "target"]
    assert isinstance(bunch.data, pd.Series) and isinstance(bunch.target, pd.Series)
    assert bunch.data.tolist() == plain.data
    assert_array_equal(bunch.target, plain.target)
    data, target = load_docstrings(
        data_home=home[0], subset="test", as_frame=True, return_X_y=True
    )
    pd.testing.assert_series_equal(data, bunch.data)
    pd.testing.assert_series_equal(target, bunch.target)


def test_train_and_test_share_no_file_and_make_up_the_whole(packages, home):
    whole, train, test = (
        load_docstrings(subset=subset, data_home=home[0])
        for subset in ("all", "train", "test")
    )
    assert sorted(train.data + test.data) == sorted(whole.data)
    assert not set(train.filenames) & set(test.filenames)
    for y in (0, 1):
        share = np.mean(test.target == y) * len(test.target) / sum(whole.target == y)
        assert 0.15 < share <= 0.25


def test_an_unknown_subset_is_refused():
    with pytest.raises(ValueError, match="it is 'dev'"):
        load_docstrings(subset="dev")


def test_a_library_that_is_not_installed_is_left_out(packages, home, monkeypatch):
    libraries = {"alpha": "alpha", "absent": "no_such_package_here", "beta": "beta"}
    monkeypatch.setattr(datasets, "LIBRARIES", libraries)
    assert load_docstrings(data_home=home[0]).target_names == ["alpha", "beta"]


def test_docstrings_are_read_in_order_without_running_the_code(tmp_path):
    source = f'''"""{paragraph("module")}"""
raise SystemExit
if True:
    class A:
        """{paragraph("class")}"""
        async def f(self):
            """{paragraph("method")}"""
            g = lambda: 0
try:
    pass
except ImportError:
    def h():
        """{paragraph("fallback")}"""
'''
    write_package(tmp_path, {"p/a.py": source})
    corpus = _docstrings.read_packages({"p": tmp_path / "p"})
    order = ("module", "class", "method", "fallback")
    assert corpus["texts"] == [paragraph(name).rstrip() for name in order]
    assert corpus["files"] == ["p/a.py"] * 4


def test_tests_carried_code_and_broken_files_are_left_out(tmp_path):
    files = {
        name: f'"""{paragraph(str(k) * 3, "x" * (k + 2))}"""'
        for k, name in enumerate(
            ["p/tests/a.py", "p/test_a.py", "p/conftest.py", "p/externals/e.py"]
        )
    }
    files["p/broken.py"] = 'def f(:\n    """' + paragraph("broken") + '"""'
    files["p/notes.txt"] = paragraph("notes")
    files["p/good.py"] = f'"""{paragraph("good")}"""'
    write_package(tmp_path, files)
    (tmp_path / "p" / "bytes.py").write_bytes(b'"""\xff\xfe"""')
    corpus = _docstrings.read_packages({"p": tmp_path / "p"})
    assert corpus["files"] == ["p/good.py"]


def test_odd_escapes_neither_warn_nor_hide_a_file(tmp_path):
    source = f'x = "\\d"\ndef f():\n    """{paragraph("escape")}"""'
    write_package(tmp_path, {"p/a.py": source})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        corpus = _docstrings.read_packages({"p": tmp_path / "p"})
    assert len(corpus["texts"]) == 1
    assert gc.isenabled()


def test_no_paragraph_occurs_twice_and_shared_ones_are_dropped(tmp_path):
    twice, shared, own = paragraph("twice"), paragraph("shared"), paragraph("own")
    write_package(
        tmp_path,
        {
            "p/a.py": f'"""{twice}\n\n{shared}"""',
            "p/b.py": f'"""{twice.upper()} 7\n\n{own}"""',
            "q/a.py": f'"""{shared}"""',
        },
    )
    corpus = _docstrings.read_packages({n: tmp_path / n for n in "pq"})
    assert corpus["texts"] == [twice, own]
    assert corpus["files"] == ["p/a.py", "p/b.py"]


def test_examples_headings_directives_and_signatures_leave_no_trace():
    docstring = f"""solve(a, b, out=None) -> ndarray

    {paragraph("summary")}

    .. versionadded:: 1.2

    .. math::

        x = y + \\frac{{many}}{{words}} and so on over the whole of this line here

    Examples
    --------
    {paragraph("prose")}

    >>> import thing as many words as there could be in one line of it all
    many words that an example prints and that are none of the prose at all

    {paragraph("code")[:-1]}::

        for word in many words that a block of code may have in it, and more:

    ====== ======
    """
    assert clean(docstring) == [
        paragraph("summary"),
        paragraph("prose"),
        paragraph("code")[:-1],
    ]


@pytest.mark.parametrize(
    ("markup", "plain"),
    [
        ("`numpy.linalg.norm`", "norm"),
        (":class:`~sklearn.svm.SVC`", "SVC"),
        (":ref:`the guide <user_guide>`", "the guide"),
        ("np.add", "add"),
        ("pd.DataFrame", "DataFrame"),
        ("``Series``", "Series"),
        ("**bold** and *weak*", "bold and weak"),
        ("*args and **kwargs", "*args and **kwargs"),
        ("to_numpy", "to_"),
        ("SciPy's solver", "solver"),
        ("scikit-learn or Scikit Learn models", "or models"),
        ("https://pandas.pydata.org/docs page", "page"),
        ("[1]_ shows", "shows"),
        ("numbers in numbatches", "numbers in numbatches"),
    ],
)
def test_markup_and_names_are_masked(markup, plain):
    (text,) = clean(LONG.format(f"of {markup}"))
    assert text == LONG.format(f"of {plain}")


def test_short_paragraphs_are_dropped():
    assert clean("Too short to tell.\n\n" + paragraph("long")) == [paragraph("long")]


def test_the_second_call_reads_the_cache(packages, home):
    folder, reads = home
    first = load_docstrings(data_home=folder)
    second = load_docstrings(data_home=str(folder))
    assert len(reads) == 1
    assert first.data == second.data
    assert [file.suffix for file in folder.iterdir()] == [".gz"]  # nothing temporary


def test_other_versions_have_another_cache(packages, home, monkeypatch):
    folder, reads = home
    for version in ("1", "2", "1"):
        monkeypatch.setattr(datasets.metadata, "version", lambda name, v=version: v)
        assert load_docstrings(data_home=folder).versions["alpha"] == version
    assert len(reads) == 2


def repack(change):
    """Return a spoiler that changes the corpus inside a cache file."""

    def spoil(path):
        corpus = json.loads(gzip.decompress(path.read_bytes()))
        path.write_bytes(gzip.compress(json.dumps(change(corpus)).encode()))

    return spoil


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"no gzip"),
        lambda path: path.write_bytes(path.read_bytes()[:-20]),
        lambda path: path.write_bytes(gzip.compress(b"\xff{")),
        repack(lambda corpus: []),
        repack(lambda corpus: {**corpus, "key": ["stale"]}),
        repack(lambda corpus: {**corpus, "texts": corpus["texts"][:-1]}),
        repack(lambda corpus: {**corpus, "texts": [None] * len(corpus["texts"])}),
        repack(lambda corpus: {**corpus, "target": [9] * len(corpus["texts"])}),
        repack(lambda corpus: {**corpus, "files": 3}),
    ],
)
def test_a_corrupt_or_stale_cache_is_read_anew_and_mended(packages, home, spoil):
    folder, reads = home
    first = load_docstrings(data_home=folder)
    (path,) = folder.iterdir()
    spoil(path)
    for _ in range(2):
        again = load_docstrings(data_home=folder)
        assert again.data == first.data
        assert_array_equal(again.filenames, first.filenames)
    assert len(reads) == 2


def test_an_unusable_cache_folder_breaks_nothing(packages, home, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    first = load_docstrings(data_home=blocked / "deep")
    assert first.data == load_docstrings(data_home=home[0]).data


def test_a_failed_write_leaves_nothing_behind(packages, home, monkeypatch):
    def fail(*args):
        raise PermissionError

    monkeypatch.setattr(datasets.os, "replace", fail)
    assert len(load_docstrings(data_home=home[0]).data) > 0
    assert list(home[0].iterdir()) == []


def test_a_user_without_a_home_is_served(packages, home, monkeypatch):
    def fail():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(datasets.Path, "home", fail)
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    assert len(load_docstrings().data) > 0


def test_the_cache_lies_where_the_platform_keeps_caches(monkeypatch, tmp_path):
    monkeypatch.setattr(datasets.Path, "home", lambda: tmp_path)
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert datasets._cache_folder() == tmp_path / "xdg" / "sklearn_embed"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    for platform, base in [
        ("linux", ".cache"),
        ("darwin", "Library/Caches"),
        ("win32", "AppData/Local"),
    ]:
        monkeypatch.setattr(datasets.sys, "platform", platform)
        assert datasets._cache_folder() == tmp_path / base / "sklearn_embed"
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    assert datasets._cache_folder() == tmp_path / "local" / "sklearn_embed"


def test_first_reads_at_the_same_time_agree(packages, home):
    folder, reads = home
    start = threading.Barrier(4)

    def load(_):
        start.wait()
        return load_docstrings(data_home=folder).data

    with ThreadPoolExecutor(4) as pool:
        first, *others = pool.map(load, range(4))
    assert all(other == first for other in others)
    assert len(reads) == 1


REAL = """
import hashlib, json, sys
from sklearn_embed.datasets import load_docstrings
before = set(sys.modules)
bunch = load_docstrings(data_home=sys.argv[1])  # read from the sources
imported = {name.partition(".")[0] for name in set(sys.modules) - before}
text = json.dumps([bunch.data, bunch.target.tolist(), bunch.filenames.tolist()])
print(hashlib.sha256(text.encode()).hexdigest(), imported & {"gensim", "pandas"})
"""


def test_the_real_corpus_is_large_clean_and_the_same_in_two_processes(tmp_path):
    folder = Path(__file__).parents[1]
    env = {**os.environ, "PYTHONPATH": str(folder), "PYTHONHASHSEED": "1"}
    child = subprocess.Popen(
        [sys.executable, "-c", REAL, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        env=env,
    )
    bunch = load_docstrings()  # from the cache, where there is one
    texts = [bunch.data, bunch.target.tolist(), bunch.filenames.tolist()]
    digest = datasets.hashlib.sha256(json.dumps(texts).encode()).hexdigest()
    assert child.communicate()[0].split() == [digest, "set()"]
    assert len(bunch.target_names) == 6
    assert 20_000 < len(bunch.data) < 40_000
    assert 0.25 < np.bincount(bunch.target).max() / len(bunch.target) < 0.45
    whole = "\n".join(bunch.data).lower()
    for name in ("numpy", "scipy", "pandas", "sklearn", "scikit-learn", "gensim"):
        assert name not in whole
    for markup in (">>>", "https://", "``", ":class:`"):
        assert markup not in whole
