"""The pages of the manual: their code runs, and no public name is missing."""
# SPDX-License-Identifier: BSD-3-Clause

import doctest
import importlib
import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from gensim.models import KeyedVectors

from sklearn_embed.datasets import load_docstrings

DOCS = Path(__file__).parents[1] / "docs"


# Pages that the manual's build makes by running a script are not among these.
PAGES = sorted([*DOCS.glob("*.rst"), *DOCS.glob("howto/*.rst")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_code_of_the_page_gives_what_it_shows(page):
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    result = doctest.testfile(str(page), module_relative=False, optionflags=flags)
    assert result.failed == 0


GALLERIES = [DOCS.parent / "examples", *sorted((DOCS / "pages").iterdir())]


@pytest.mark.parametrize("folder", GALLERIES, ids=lambda folder: folder.name)
def test_every_page_that_is_run_has_its_place(folder):
    order = (folder / "order.txt").read_text("utf-8").split()
    pages = {path.name for path in folder.glob("*.py") if path.name[0] != "_"}
    assert set(order) == pages and len(order) == len(pages)


@pytest.mark.parametrize(
    "module",
    ["", ".datasets", ".evaluation", ".io", ".plotting", ".testing", ".warmup"],
)
def test_every_public_name_is_in_the_reference(module):
    module = importlib.import_module(f"sklearn_embed{module}")
    reference = (DOCS / "api.rst").read_text("utf-8")
    sections = re.split(r"\.\. currentmodule:: (\S+)\n", reference)
    listed = {}
    for name, text in zip(sections[1::2], sections[2::2], strict=True):
        listed.setdefault(name, set()).update(re.findall(r"^   (\w+)$", text, re.M))
    public = {n for n in module.__all__ if not inspect.ismodule(getattr(module, n))}
    assert public == listed[module.__name__]


def test_the_translation_names_real_parameters():
    import sklearn_embed

    page = (DOCS / "names.rst").read_text("utf-8").partition("Defaults elsewhere")[0]
    known = set()
    for name in sklearn_embed.__all__:
        known |= set(inspect.signature(getattr(sklearn_embed, name)).parameters)
    ours = re.findall(r"^   \* - `(\w+)", page, re.M)
    assert len(ours) > 20 and set(ours) <= known


def test_the_main_job_runs_on_a_table_of_ones_own(tmp_path):
    bunch = load_docstrings(subset="train", as_frame=True)
    table = pd.DataFrame({"doc": bunch.data, "lib": bunch.target}).query("lib < 2")
    table = table.sample(500, random_state=0)
    table.to_csv(tmp_path / "table.csv")
    script = DOCS.parent / "examples" / "text_classification.py"
    options = ["--csv", "table.csv", "--text", "doc", "--label", "lib"]
    done = subprocess.run(
        [sys.executable, str(script), *options, "--output", "out"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(DOCS.parent)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    for part in ("majority class", "TF-IDF and embedding", "Nearest neighbours"):
        assert part in done.stdout
    vectors = KeyedVectors.load_word2vec_format(str(tmp_path / "out" / "vectors.txt"))
    assert len(vectors) > 100
    assert len(pd.read_csv(tmp_path / "out" / "search.csv")) >= 8
    picture = (tmp_path / "out" / "picture.png").read_bytes()
    assert picture.startswith(b"\x89PNG") and len(picture) > 20_000


def run_main_job(folder, *options):
    """Run the main job in a folder, on a table of short Chinese texts there."""
    good, bad = "这家店的菜真好吃", "送得太慢而且很难吃"
    table = {"text": [good, bad] * 60, "label": ["好", "坏"] * 60}
    pd.DataFrame(table).to_csv(folder / "table.csv")
    script = DOCS.parent / "examples" / "text_classification.py"
    return subprocess.run(
        [sys.executable, str(script), "--csv", "table.csv", *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(DOCS.parent), "."])},
        capture_output=True,
        text=True,
    )


def test_the_main_job_cuts_chinese(tmp_path):
    done = run_main_job(tmp_path, "--tokenizer", "char")
    assert done.returncode == 0, done.stderr
    assert "16 distinct" in done.stdout
    assert "without blanks" not in done.stderr


@pytest.mark.parametrize("is_there", [True, False])
def test_the_main_job_asks_jieba_for_words(tmp_path, is_there):
    # In its place a module that ends the job, since it is no dependency.
    text = "def lcut(text):\n    raise SystemExit(f'lcut was asked for {text}')\n"
    absent = "raise ImportError\n"
    (tmp_path / "jieba.py").write_text(text if is_there else absent, "utf-8")
    done = run_main_job(tmp_path, "--tokenizer", "jieba")
    assert done.returncode == 1
    expected = "lcut was asked for" if is_there else "pip install jieba"
    assert expected in done.stderr


def test_tokens_of_other_languages():
    script = DOCS.parent / "examples" / "tokens_of_other_languages.py"
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=True
    )
    assert "['床', '前', '明', '月', '光']" in done.stdout
    assert "'floating_point'" in done.stdout
