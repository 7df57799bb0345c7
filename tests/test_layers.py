"""Who imports whom, and what an import costs."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import sklearn_embed

ROOT = Path(sklearn_embed.__file__).parent

# A module imports from layers before its own, or from within its own where that is
# not a layer of closed modules.
LAYERS = [
    ("_kernels/common", "_kernels/lanes"),
    ("_kernels/replicas", "_kernels/tokenize"),
    (
        "_kernels/windows",
        "_kernels/blocks",
        "_kernels/bags",
        "_kernels/full_softmax",
    ),
    ("_kernels/", "_crew"),
    (
        "_labels",
        "_text/",
        "_matrices",
        "_subwords",
        "_vectors",
        "_sources",
        "_pooling",
        "_word_weights",
        "_training",
    ),
    ("_counting", "_cooccurrence"),
    ("_base",),
    ("_pretrained",),
    ("_word_model",),
    ("_word_vectorizer", "_word2vec_job", "_glove_job", "_supervised_job"),
    ("_prediction", "_supervised"),
    ("_subword_model",),
    (
        "_one_hot",
        "_word2vec",
        "_glove",
        "_fasttext",
        "_fasttext_classifier",
        "_mean_pool",
    ),
    (
        "_docstrings",
        "_linear_algebra",
        "io/",
        "evaluation",
        "plotting/",
        "datasets",
        "testing",
    ),
    ("__init__",),
]
CLOSED = [*LAYERS[2:4], LAYERS[-3]]
ONLY_INSIDE = {"gensim", "pandas", "matplotlib", "bokeh", "dask", "rich"}


def modules():
    return sorted(p.relative_to(ROOT).with_suffix("") for p in ROOT.rglob("*.py"))


def layer_of(module):
    """Return the number of the layer of ``_text/tokens`` or the like."""
    for number, names in enumerate(LAYERS):
        for name in names:
            if module == name or (name.endswith("/") and module.startswith(name)):
                return number
    raise AssertionError(f"{module} belongs to no layer: give it one")


def file_of(dotted):
    """Return the file of one of our modules, or None."""
    path = ROOT.joinpath(*dotted.split(".")[1:])
    for candidate in (path / "__init__.py", path.with_suffix(".py")):
        if dotted.startswith("sklearn_embed") and candidate.exists():
            return candidate
    return None


def imports_at_top(path):
    """Yield the dotted names that a file imports when it is imported."""
    for node in ast.parse(path.read_text("utf-8")).body:
        statements = node.body if isinstance(node, ast.Try) else [node]
        for statement in statements:
            if isinstance(statement, ast.ImportFrom):
                assert statement.level == 0, f"{path}: import absolutely"
                for alias in statement.names:
                    longer = f"{statement.module}.{alias.name}"
                    yield longer if file_of(longer) else statement.module
            elif isinstance(statement, ast.Import):
                yield from (alias.name for alias in statement.names)


@pytest.mark.parametrize("module", modules(), ids=str)
def test_imports_only_from_layers_before_it(module):
    name = module.as_posix()
    own = layer_of(name)
    for imported in imports_at_top(ROOT / f"{name}.py"):
        top = imported.partition(".")[0]
        assert top not in ONLY_INSIDE or name == "testing", f"{name} imports {imported}"
        if top == "sklearn_embed":
            other = file_of(imported).relative_to(ROOT).with_suffix("").as_posix()
            assert layer_of(other) <= own, f"{name} imports {other}"
            if layer_of(other) == own:
                assert LAYERS[own] not in CLOSED, f"{name} imports its sibling {other}"


@pytest.mark.parametrize("module", modules(), ids=str)
def test_private_names_of_scikit_learn_stay_in_base(module):
    if module.as_posix() == "_base":
        return
    tree = ast.parse((ROOT / module).with_suffix(".py").read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module.startswith("sklearn."):
            names = [*node.module.split("."), *(alias.name for alias in node.names)]
            private = [name for name in names if name.startswith("_")]
            assert not private, f"{module} imports {private} of scikit-learn"


def test_import_loads_no_heavy_package():
    code = (
        "import sys, sklearn.linear_model\n"
        "before = set(sys.modules)\n"
        "import sklearn_embed\n"
        "print(*{name.partition('.')[0] for name in set(sys.modules) - before})"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "sklearn_embed" in loaded
    assert not ONLY_INSIDE & set(loaded)


def test_every_public_name_is_there():
    for name in sklearn_embed.__all__:
        assert getattr(sklearn_embed, name).__module__.startswith("sklearn_embed")
