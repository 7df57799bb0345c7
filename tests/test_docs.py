"""What the documentation shows is run; what it promises about itself is checked."""

import contextlib
import doctest
import importlib
import inspect
import io
import os
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import sklearn_embed

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
MODULES = [
    module.name
    for module in pkgutil.walk_packages(sklearn_embed.__path__, "sklearn_embed.")
]
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


@pytest.mark.parametrize("name", ["sklearn_embed", *MODULES])
def test_examples_in_docstrings(name):
    module = importlib.import_module(name)
    assert doctest.testmod(module, optionflags=FLAGS).failed == 0


@pytest.mark.parametrize("name", sklearn_embed.__all__)
def test_every_public_name_has_a_runnable_example(name):
    assert ">>>" in getattr(sklearn_embed, name).__doc__


def public_objects():
    """Yield ``(name, object)`` of what users may call."""
    modules = ("datasets", "distributed", "evaluation", "io", "plotting", "testing")
    for module in ("", *(f".{name}" for name in modules)):
        module = importlib.import_module(f"sklearn_embed{module}")
        for name in module.__all__:
            thing = getattr(module, name)
            if not callable(thing) or inspect.ismodule(thing):
                continue
            yield name, thing
            if inspect.isclass(thing):
                for member, method in inspect.getmembers(thing, inspect.isroutine):
                    ours = getattr(method, "__module__", "") or ""
                    is_public = callable(method) and not member.startswith("_")
                    if is_public and ours.startswith("sklearn_embed"):
                        yield f"{name}.{member}", method


@pytest.mark.parametrize(
    ("name", "thing"), [pytest.param(*pair, id=pair[0]) for pair in public_objects()]
)
def test_every_parameter_is_documented(name, thing):
    doc = inspect.getdoc(thing)
    assert doc, f"{name} has no docstring"
    assert len(doc.splitlines()[0]) <= 79
    assert "{" not in doc.partition("Parameters")[0], "a section was not filled in"
    for parameter in inspect.signature(thing).parameters.values():
        if parameter.name in ("self", "cls"):
            continue
        stars = {parameter.VAR_POSITIONAL: r"\*", parameter.VAR_KEYWORD: r"\*\*"}
        shown = stars.get(parameter.kind, "") + parameter.name
        assert re.search(rf"^(\w+, )*{shown}(, \w+)* ?:", doc, re.M), (
            f"{name} does not document {parameter.name}"
        )


@pytest.mark.parametrize(
    ("name", "thing"), [pytest.param(*pair, id=pair[0]) for pair in public_objects()]
)
def test_every_public_signature_has_types(name, thing):
    signature = inspect.signature(thing)
    for parameter in signature.parameters.values():
        if parameter.name not in ("self", "cls"):
            assert parameter.annotation is not parameter.empty, parameter.name
    if not inspect.isclass(thing):
        assert signature.return_annotation is not signature.empty


def test_types_are_shipped():
    assert (Path(sklearn_embed.__file__).parent / "py.typed").exists()


def test_tools_have_one_version_each():
    pinned = re.findall(
        r"\b(ruff|mypy|towncrier)==([\d.]+)",
        (ROOT / "tox.ini").read_text("utf-8")
        + (ROOT / ".pre-commit-config.yaml").read_text("utf-8"),
    )
    assert len(dict(pinned)) == len(set(pinned)) == 3


def test_example_of_the_readme(tmp_path):
    code = re.search(r"```python\n(.*?)```", README, re.DOTALL)[1]
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path(sklearn_embed.__file__).parents[1])},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "mean_test_score" in done.stdout
    assert (tmp_path / "vectors.txt").stat().st_size > 10_000


@pytest.mark.parametrize(("language", "answer"), [("ru", "плохо"), ("zh", "差评")])
def test_example_of_the_readme_in_another_language(language, answer):
    text = (ROOT / f"README.{language}.md").read_text("utf-8")
    code = re.search(r"```python\n(.*?)```", text, re.DOTALL)[1]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, {})
    assert answer in printed.getvalue()


def test_commands_of_the_readme_exist():
    main_job = re.search(r"<!-- main job -->\n```sh\n(.*?)\n```", README, re.DOTALL)[1]
    script = re.search(r"\S+\.py", main_job)[0]
    assert (ROOT / script).exists()
    tests = re.search(r"<!-- test command -->\n```sh\n(.*?)\n```", README, re.DOTALL)[1]
    assert tests.endswith("tox")
    assert "<!-- test command -->" in (ROOT / ".ci" / "run").read_text("utf-8")
