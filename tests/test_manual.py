"""The pages of the manual: their code runs, and no public name is missing."""
# SPDX-License-Identifier: BSD-3-Clause

import doctest
import importlib
import inspect
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.rst")), ids=lambda page: page.stem)
def test_code_of_the_page_gives_what_it_shows(page):
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    result = doctest.testfile(str(page), module_relative=False, optionflags=flags)
    assert result.failed == 0


@pytest.mark.parametrize("module", ["", ".datasets", ".evaluation", ".io", ".testing"])
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

    page = (DOCS / "names.rst").read_text("utf-8").partition("Fitted attributes")[0]
    known = set()
    for name in sklearn_embed.__all__:
        known |= set(inspect.signature(getattr(sklearn_embed, name)).parameters)
    ours = re.findall(r"^   \* - `(\w+)", page, re.M)
    assert len(ours) > 20 and set(ours) <= known
