"""From the source files of a package to the clean paragraphs of its docstrings."""
# SPDX-License-Identifier: BSD-3-Clause

import ast
import gc
import os
import re
import warnings
from contextlib import contextmanager
from pathlib import Path

MIN_WORDS = 13
# Tests, and other people's code that a library carries along.
SKIPPED_FOLDERS = {
    *("tests", "test", "testing", "_testing", "__pycache__"),
    *("externals", "_external", "_vendored", "vendor", "cloudpickle"),
    *("array_api_compat", "array_api_extra"),
}

_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def read_packages(roots):
    """Read the paragraphs of all libraries, each paragraph once."""
    rows, owners = [], {}
    with _pause():
        for y, root in enumerate(roots.values()):
            for file, docstring in _docstrings(root):
                for text in _paragraphs(docstring):
                    letters = re.sub(r"[\W\d_]+", "", text.casefold())
                    rows.append((text, y, file, letters))
                    owners.setdefault(letters, set()).add(y)
    kept, seen = [], set()
    for text, y, file, letters in rows:
        if letters not in seen and len(owners[letters]) == 1:
            seen.add(letters)
            kept.append((text, y, file))
    texts, target, files = zip(*kept, strict=True) if kept else ((), (), ())
    return {"texts": list(texts), "target": list(target), "files": list(files)}


@contextmanager
def _pause():
    """Switch off warnings (odd escapes in old sources) and the garbage collector.

    Trees of syntax are many small objects without cycles: collecting while they are
    built doubles the time.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        if collecting:
            gc.enable()


def _docstrings(root):
    """Yield (file, docstring) over a package, in the order of file and line."""
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(set(folders) - SKIPPED_FOLDERS)
        for name in sorted(files):
            if not name.endswith(".py") or re.match(r"test_|conftest\.", name):
                continue
            path = Path(folder, name)
            label = path.relative_to(root.parent).as_posix()
            try:
                source = path.read_bytes()
                tree = ast.parse(source)
            # A file that cannot be read or parsed is none of our business.
            except (OSError, SyntaxError, ValueError, RecursionError):
                continue
            for docstring in _docstrings_below(tree):
                yield label, docstring


def _docstrings_below(node):
    """Yield the docstrings of a module, its classes and functions, top down."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        if isinstance(node, _DOCUMENTED):
            docstring = ast.get_docstring(node)
            if docstring:
                yield docstring
        for field in ("finalbody", "orelse", "handlers", "body"):
            children = getattr(node, field, None)
            if isinstance(children, list):  # a lambda's body is a lone expression
                waiting.extend(reversed(children))


_WORD = re.compile(r"[^\W\d_]{2,}")
_UNDERLINE = re.compile(r"\s*([=\-~^\"'#*+`.])\1{2,}\s*")
_RULE = re.compile(r"[\s=\-~^+|.*#_]*")
_DIRECTIVE = re.compile(r"(\s*)\.\.(?:\s+([\w-]+)::.*|\s+_[^:]*:.*|\s+\|.*|\s*)")
_PROSE = set(
    "note warning seealso deprecated versionadded versionchanged tip important hint "
    "caution attention admonition topic rubric".split()
)
_SIGNATURE = re.compile(r"[\w.]+\s*\([^.]*\)\s*(?:->.*|:)?")

# Parts of identifiers too: set_use_numba, to_numpy.
_LIBRARIES = ("scikit", "sklearn", "numpy", "scipy", "pandas", "gensim", "numba")
_NAMES = r"scikits?[-_. ]?learn|sklearn|numpy|scipy|pandas|gensim|numba(?!tch)"
_ALIASES = r"np|pd|sp|nb|sk|sps|spl"
# What a text must hold (spares most of the searches), a pattern, and what replaces it.
_REWRITES = [
    (needles, re.compile(pattern), replacement)
    for needles, pattern, replacement in [
        (("://", "www.", "doi:"), r"<?\b\w+://[^\s>]+>?|\b(?:www\.|doi:)\S+", " "),
        # templates and citations
        (("%(", "{", "["), r"%\(\w+\)[sd]|\{\w*\}|(?:\.\. )?\[\w+\]_|\[\d+\]", " "),
        # roles: formulas; `text <target>`; the last component of a path
        ((":math:",), r":math:`[^`]*`", " "),
        (("`",), r"(?::[\w:+-]+:)?`([^`<]+?)\s*<[^`>]*>`_{0,2}", r"\1"),
        ((":`",), r":[\w:+-]+:`[~!]?(?:\w+\.)*([^`]*)`", r"\1"),
        (("`",), r"``?([^`]*)``?_{0,2}", r"\1"),
        (("*",), r"(?<![\w*])\*{1,2}(?=\S)([^*]+?)(?<=\S)\*{1,2}(?![\w*])", r"\1"),
        # a library and the modules before a name; the library alone
        (_LIBRARIES, rf"(?i)\b(?:{_NAMES})(?:\.\w+)*\.(?=[a-z_])", ""),
        ((".",), rf"\b(?:{_ALIASES})\.(?:\w+\.)*(?=[A-Za-z_])", ""),
        (_LIBRARIES, rf"(?i)(?:{_NAMES})(?:['’]s\b)?", " "),
        (("np", "pd"), r"\b(?:np|pd)\b", " "),
        # backslashes, bullets, empty brackets, stray blanks
        (("\\",), r"\\", ""),
        (("-", "*", "+", "•"), r"(?:(?<=\s)|^)[-*+•]+(?=\s)", " "),
        (("(", "["), r"\(\s*\)|\[\s*\]", " "),
        (("",), r"\s+([,.;:!?])(?=\s|$)", r"\1"),
        (("::",), r"::(?=\s|$)", ":"),
        (("",), r"\s+", " "),
    ]
]


def _paragraphs(docstring):
    """Return the clean paragraphs of a docstring that have enough words."""
    paragraphs = []
    for lines in _blocks(docstring.expandtabs().splitlines()):
        text = " ".join(line.strip() for line in lines)
        if _is_short(text):  # cleaning makes no words
            continue
        text = _clean(text)
        if not _is_short(text):
            paragraphs.append(text)
    return paragraphs


def _is_short(text):
    """Tell whether a text has too few words to say anything of its library."""
    return len(_WORD.findall(text)) < MIN_WORDS


def _clean(text):
    """Take markup, addresses and the names of the libraries out of a paragraph."""
    lower = text.lower()
    for needles, pattern, replacement in _REWRITES:
        if any(needle in lower for needle in needles):
            text = pattern.sub(replacement, text)
    return text.strip(" ,;:")


def _blocks(lines):
    """Cut lines into paragraphs; leave out examples, code, headings and rules."""
    blocks, block = [], []
    n_left, t = len(lines), 0
    while t < n_left:
        line = lines[t]
        indent = len(line) - len(line.lstrip())
        directive = _DIRECTIVE.fullmatch(line)
        heading = t + 1 < n_left and _UNDERLINE.fullmatch(lines[t + 1])
        t += 1
        if not line.strip() or line.lstrip().startswith(">>>"):
            blocks, block = [*blocks, block], []
            while line.strip() and t < n_left and lines[t].strip():
                t += 1  # as in doctest, an example ends at the next blank line
        elif heading:
            blocks, block = [*blocks, block], []
            t += 1
        elif directive:
            blocks, block = [*blocks, block], []
            if directive[2] not in _PROSE:
                t = _after_body(lines, t, indent)
        elif not (_RULE.fullmatch(line) or _SIGNATURE.fullmatch(line.strip())):
            block.append(line)
        if line.rstrip().endswith("::") and not directive:
            t = _after_body(lines, t, indent)
    return [block for block in [*blocks, block] if block]


def _after_body(lines, t, indent):
    """Return the place of the first line from t on that is indented no deeper."""
    while t < len(lines) and (
        not lines[t].strip() or len(lines[t]) - len(lines[t].lstrip()) > indent
    ):
        t += 1
    return t
