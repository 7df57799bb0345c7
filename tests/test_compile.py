"""How compiled kernels are kept: what is found again, what is not, what cannot fail."""

import errno
import gc
import io
import os
import pickle
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from numba.core import config, errors, event
from numba.core.compiler import Compiler, Flags

import sklearn_embed
from sklearn_embed import warmup as warmup_module
from sklearn_embed._core import cache, compile, notice, pipeline
from sklearn_embed._core.compile import inner, kernel
from sklearn_embed._core.numeric import stack_array
from sklearn_embed.warmup import ESTIMATORS, main, warmup

ONE_CALL = """
import sys
import numpy as np
from sklearn_embed._core.arrays import put_rows

matrix = np.zeros((3, 2), np.float32)
put_rows(matrix, np.array([1], np.int32), np.ones((1, 2), np.float32))
assert matrix.tolist() == [[0, 0], [1, 1], [0, 0]]
print(put_rows._cache.cache_path)
print(sum(put_rows.stats.cache_hits.values()))
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return an empty folder, the only one for compiled code."""
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(cache, "_warned", set())
    return tmp_path / "cache"


@pytest.fixture
def package(tmp_path):
    """Return a folder with a copy of the package."""
    ignore = shutil.ignore_patterns("__pycache__")
    source = Path(sklearn_embed.__file__).parent
    shutil.copytree(source, tmp_path / "lib" / "sklearn_embed", ignore=ignore)
    return tmp_path / "lib"


def run(package, code=ONE_CALL, **environment):
    """Run code in a process that knows only a copy of the package."""
    kept = {k: v for k, v in os.environ.items() if k in {"PATH", "SYSTEMROOT", "TEMP"}}
    environment = {
        **kept,
        "PYTHONPATH": str(package),
        "PYTHONDONTWRITEBYTECODE": "1",
        **environment,
    }
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        cwd=package,
    )
    assert done.returncode == 0, done.stderr
    return *done.stdout.split(), done.stderr


def doubled(values):
    """Change values in place."""
    for i in range(len(values)):
        values[i] = values[i] * 2


def call(function=doubled):
    """Make a kernel anew, as another process does; call it; tell if it was found."""
    made = kernel(function)
    values = np.ones(3)
    made(values)
    assert values.tolist() == [2, 2, 2]
    return sum(made.stats.cache_hits.values()) > 0


def files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_a_kernel_is_found_again(folder):
    assert [call(), call()] == [False, True]
    assert len(files(folder)) == 1


def test_nothing_is_touched_before_the_first_call(folder):
    kernel(doubled)
    assert not folder.exists()


def test_a_change_of_any_kernel_file_compiles_again(package, tmp_path):
    where = {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    assert [run(package, **where)[1] for _ in range(2)] == ["0", "1"]
    before = files(tmp_path / "cache")
    other = package / "sklearn_embed" / "_text" / "kernels" / "strings.py"
    other.write_text(other.read_text("utf-8") + "# changed\n", "utf-8")
    assert [run(package, **where)[1] for _ in range(2)] == ["0", "1"]
    # What can never be used again does not stay.
    assert len(before) == len(files(tmp_path / "cache")) == 1
    assert before != files(tmp_path / "cache")


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[: len(content) // 2],
        lambda content: content[:-1] + bytes([content[-1] ^ 1]),
        lambda content: np.random.default_rng(0).bytes(len(content)),
        lambda content: b"\x80\x04K\x01.",
    ],
    ids=["empty", "truncated", "one bit", "random", "another pickle"],
)
def test_a_damaged_file_is_mended(folder, damage):
    call()
    (path,) = files(folder)
    path.write_bytes(damage(path.read_bytes()))
    assert [call(), call()] == [False, True]
    assert files(folder) == [path]


def test_whole_content_of_another_kind_is_replaced_with_a_warning(folder):
    call()
    (path,) = files(folder)
    cache._write(path.parent, path.name, pickle.dumps((1, 2)))
    with pytest.warns(UserWarning, match="cannot be used and is compiled again"):
        assert not call()
    assert call()


def test_a_full_disk_is_told_once(folder, monkeypatch):
    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.warns(UserWarning, match="cannot be kept.*No space left") as caught:
        assert [call(), call()] == [False, False]
    assert len(caught) == 1
    assert files(folder) == []


def test_a_folder_that_cannot_be_made_is_told_once(folder):
    folder.write_text("a file where the folder should be")
    with pytest.warns(UserWarning, match="NUMBA_CACHE_DIR") as caught:
        assert [call(), call()] == [False, False]
    assert len(caught) == 1


def test_the_package_works_where_nothing_can_be_written(package, tmp_path):
    # Files where folders should be: the superuser may write to all folders.
    (package / "sklearn_embed" / "_core" / "__pycache__").write_text("")
    (tmp_path / "home").write_text("")
    home = str(tmp_path / "home")
    places = {"HOME": home, "XDG_CACHE_HOME": home, "LOCALAPPDATA": home}
    for where in ({}, {"NUMBA_CACHE_DIR": str(tmp_path / "home" / "cache")}):
        _, hits, errors = run(package, **places, **where)
        assert hits == "0"
        assert errors.count("UserWarning: sklearn_embed: compiled code cannot be") == 1


def test_a_folder_that_was_filled_earlier_is_read_though_home_is_writable(
    package, tmp_path
):
    places = {"XDG_CACHE_HOME": str(tmp_path / "home"), "HOME": str(tmp_path / "home")}
    inside, _, _ = run(package, **places)
    assert Path(inside) == package / "sklearn_embed" / "_core" / "__pycache__"
    # As in an image: filled when it was built, read by somebody else.
    Path(inside).chmod(0o555)
    assert run(package, **places)[1:] == ("1", "")
    shutil.rmtree(inside)
    Path(inside).write_text("")
    assert [run(package, **places)[1:] for _ in range(2)] == [("0", ""), ("1", "")]


def make_scaled(factor):
    @inner
    def scale(x):
        return x * factor

    def scaled(values):
        for i in range(len(values)):
            values[i] = scale(values[i])

    return scaled


def test_closures_are_told_apart_by_what_they_close_over(folder):
    for expected in (False, True):
        assert call(make_scaled(2.0)) is expected
        made, values = kernel(make_scaled(3.0)), np.ones(3)
        made(values)
        assert values.tolist() == [3, 3, 3]
    assert len(files(folder)) == 2


def test_settings_that_change_the_code_are_told_apart(folder, monkeypatch):
    call()
    monkeypatch.setattr(config, "BOUNDSCHECK", 1)
    assert not call()
    monkeypatch.setattr(config, "BOUNDSCHECK", None)
    assert call()


def test_flush_removes_what_is_kept(folder):
    call()
    kernel(doubled)._cache.flush()
    assert files(folder) == []


def test_without_source_nothing_is_kept(folder, monkeypatch):
    monkeypatch.setattr(cache, "_STAMP", "")
    with pytest.warns(UserWarning, match="no folder is known"):
        call()
    assert not folder.exists()


def test_without_private_names_numba_keeps_the_kernels(folder, monkeypatch):
    monkeypatch.setattr(compile, "KernelCache", None)
    assert [call(), call()] == [False, True]
    assert {path.suffix for path in files(folder)} == {".nbi", ".nbc"}


def test_without_private_names_and_without_folder_kernels_work(package, tmp_path):
    code = "import sys; sys.modules['sklearn_embed._core.cache'] = None\n"
    code += "import sklearn_embed._core.compile as compile\n"
    code += "assert compile.KernelCache is None\n"
    code += ONE_CALL.replace("put_rows._cache.cache_path", "1")
    (package / "sklearn_embed" / "_core" / "__pycache__").write_text("")
    (tmp_path / "home").write_text("")
    home = str(tmp_path / "home")
    places = {"HOME": home, "XDG_CACHE_HOME": home, "LOCALAPPDATA": home}
    assert run(package, code, **places)[1] == "0"


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def watch(monkeypatch, folder):
    monkeypatch.setattr(notice, "_stopwatch", notice._Stopwatch())
    yield notice._stopwatch
    if notice._stopwatch in event._registered["numba:compile"]:
        event.unregister("numba:compile", notice._stopwatch)


def test_a_person_at_a_terminal_is_told_once_what_is_waited_for(watch, monkeypatch):
    monkeypatch.setattr(notice, "PATIENCE", 0)
    monkeypatch.setattr(sys, "stderr", Terminal())
    # Of this package: others' kernels are their own affair.
    monkeypatch.setattr(doubled, "__module__", "sklearn_embed.test")
    call()
    call(make_scaled(2.0))
    assert sys.stderr.getvalue() == notice.NOTICE + "\n"


@pytest.mark.parametrize(
    ("stream", "patience", "module"),
    [
        (io.StringIO(), 0, "sklearn_embed.test"),
        (Terminal(), 1e9, "sklearn_embed.test"),
        (Terminal(), 0, "other"),
    ],
    ids=["no terminal", "short", "not ours"],
)
def test_nobody_is_told_otherwise(watch, monkeypatch, stream, patience, module):
    monkeypatch.setattr(notice, "PATIENCE", patience)
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(doubled, "__module__", module)
    call()
    assert stream.getvalue() == ""


@pytest.mark.parametrize("stream", [None, io.StringIO()])
def test_a_missing_or_closed_stream_does_not_matter(watch, monkeypatch, stream):
    if stream is not None:
        stream.close()
    monkeypatch.setattr(sys, "stderr", stream)
    assert not call()


USE_ALL = """
import sys
import numpy as np
from numba.core import event
import sklearn_embed
from sklearn_embed import TokenizedDocuments, warmup

listener = event.RecordingListener()
event.register("numba:compile", listener)
texts = ["a bird and a fish met in the tree", "two fish met the bird", ""] * 20
tokens = TokenizedDocuments.from_documents(texts)
for name, estimator in warmup.ESTIMATORS.items():
    small = {"min_count": 2, "epochs": 3, "vector_size": 20, "n_jobs": 2,
             "embedding": {"bird": np.ones(20, np.float32)}}
    known = estimator._parameter_constraints
    made = estimator(**{k: v for k, v in small.items() if k in known})
    classifies = hasattr(made, "predict")
    required = made.__sklearn_tags__().target_tags.required
    labels = ["x", "y", "z"] * 20 if required else None
    for documents in (texts, tokens, tokens[:30], [list(t) for t in tokens]):
        made.fit(documents, labels[: len(documents)] if labels else None)
        names = "predict", "transform", "score_samples"
        getattr(made, next(n for n in names if hasattr(made, n)))(documents)
print(*{str(e.data["dispatcher"]) for _, e in listener.buffer})
"""


def test_after_warmup_another_process_compiles_nothing(tmp_path):
    warmup()
    # The same package, not one that lies in the working folder.
    paths = {"PYTHONPATH": str(Path(sklearn_embed.__file__).parents[1])}
    compiled = subprocess.run(
        [sys.executable, "-c", USE_ALL],
        cwd=tmp_path,
        env=os.environ | paths,
        capture_output=True,
        text=True,
        check=True,
    )
    assert compiled.stdout.split() == []


def test_warmup_knows_every_estimator():
    things = {name: getattr(sklearn_embed, name) for name in sklearn_embed.__all__}
    # Of others, such as BlockScaler, nothing is compiled.
    public = {n for n, thing in things.items() if hasattr(thing, "fit")}
    public -= {"BlockScaler"}
    assert public == set(ESTIMATORS)


def test_warmup_of_variants_says_what_it_did():
    lines = []
    seconds = warmup(["OneHotTokens"], variants=True, report=lines.append)
    assert list(seconds)[:2] == ["OneHotTokens()", "OneHotTokens(output='binary')"]
    assert len(seconds) == len(lines) == 4
    options = list(warmup_module._options(ESTIMATORS["Word2VecVectorizer"], True))
    assert len(options) == 6 and {} in options


def test_the_command(capsys):
    main(["--list"])
    assert capsys.readouterr().out.split() == list(ESTIMATORS)
    main(["OneHotTokens"])
    assert "OneHotTokens(): " in capsys.readouterr().out
    with pytest.raises(SystemExit) as stopped:
        main(["OneHot"])
    assert stopped.value.code == 1
    assert "no estimator 'OneHot'; there are Contextual" in capsys.readouterr().err


def test_the_command_fails_where_nothing_is_kept(folder, monkeypatch, capsys):
    folder.write_text("a file where the folder should be")
    monkeypatch.setattr(warmup_module, "_use", lambda *args: call())
    with pytest.raises(SystemExit) as stopped, warnings.catch_warnings():
        main(["OneHotTokens"])
    assert stopped.value.code == 1
    assert "cannot be kept" in capsys.readouterr().err


def test_a_width_of_vectors_that_is_none_is_refused(monkeypatch):
    monkeypatch.setenv("SKLEARN_EMBED_SIMD_WIDTH", "12")
    with pytest.raises(ValueError, match="SKLEARN_EMBED_SIMD_WIDTH must be 8 or 16"):
        compile._simd_width()


def test_an_inner_function_is_compiled_once_for_all_integers(folder):
    @inner
    def plus(x, y):
        return x + y

    @kernel
    def sums(x):
        return plus(x, 1) + plus(x, 2) + plus(2, x)

    with pytest.raises(TypeError, match="plus is for kernels only"):
        plus(1, 2)
    assert sums(3) == 4 + 5 + 5
    assert len(plus.signatures) == 1
    with pytest.raises(TypeError, match="plus is for kernels only"):
        plus(1, 2)


def test_the_garbage_collector_is_left_as_it_was(folder):
    assert gc.isenabled()
    call()
    assert gc.isenabled()
    gc.disable()
    try:
        call(make_scaled(2.0))
        assert not gc.isenabled()
    finally:
        gc.enable()
    with pytest.raises(errors.TypingError):
        kernel(lambda x: x.unknown)(1)
    assert gc.isenabled()


def test_flags_are_equal_as_numbas_own():
    flags = [Flags() for _ in range(3)]
    flags[1].nrt = True
    flags[2].nrt = Flags.options["nrt"].default  # set, to what it is anyway
    quick = [pipeline.QuickFlags(one) for one in flags]
    for others in (flags, quick):
        same = [[one == other for other in others] for one in quick]
        assert same == [[True, False, True], [False, True, False], [True, False, True]]
    assert all(hash(one) == hash(quick[0]) for one in flags + quick)
    assert quick[0].copy() == quick[0] and quick[0] != 1


def test_numbas_own_compiler_gives_the_same(folder, monkeypatch):
    @inner
    def root_of(x):
        return np.sqrt(np.float32(x)) / np.float32(3)

    def both(values):
        for i in range(len(values)):
            values[i] = root_of(values[i]) + np.float32(1)

    values = [np.arange(50, dtype=np.float32) for _ in range(2)]
    kernel(both)(values[0])
    monkeypatch.setattr(compile, "KernelCompiler", Compiler)
    plain = inner.__globals__["_INNER"] | {"pipeline_class": Compiler}
    monkeypatch.setattr(compile, "_INNER", plain)
    root_of = inner(root_of.py_func)
    made = kernel(both)
    made._cache.flush()
    made(values[1])
    assert not made.stats.cache_hits
    assert values[0].tobytes() == values[1].tobytes()


def test_an_array_on_the_stack(folder):
    @kernel(allocates=False)
    def sum_of_squares(n):
        squares = stack_array(np.int64(0), 8)
        total = 0
        for first in range(0, n, 8):
            for i in range(8):
                squares[i] = (first + i) ** 2
            for i in range(8):
                total += squares[i]
        return total

    assert sum_of_squares(24) == sum(i**2 for i in range(24))
