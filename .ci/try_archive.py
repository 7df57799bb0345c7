"""Unpack the source archive, install the wheel, and run tests of the former on it.

Usage: python .ci/try_archive.py DIST FOLDER
"""
# SPDX-License-Identifier: BSD-3-Clause

import os
import subprocess
import sys
import tarfile
import venv
from pathlib import Path

# One file of each kind: kernels, files, the contract, what the manual shows.
TESTS = ("test_layers", "test_kernel_pooling", "test_io_native", "test_one_hot")
TESTS += ("test_docs",)


def main(dist, folder):
    """Run it; raises if anything fails."""
    (archive,) = Path(dist).glob("*.tar.gz")
    (wheel,) = Path(dist).glob("*.whl")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    (root,) = Path(folder).glob("sklearn_embed-*")
    environment = Path(folder, "venv")
    venv.create(environment, with_pip=True)
    programs = environment / ("Scripts" if os.name == "nt" else "bin")
    python = str(programs / "python")
    install = [python, "-m", "pip", "install", "-q", f"{wheel.resolve()}[test]"]
    subprocess.run(install, check=True)
    files = [f"tests/{name}.py" for name in TESTS]
    own = {"NUMBA_CACHE_DIR": str(Path(folder, "numba")), "MPLBACKEND": "Agg"}
    # Not "python -m pytest": the sources in this folder would hide the wheel.
    subprocess.run(
        [str(programs / "pytest"), "-q", *files],
        cwd=root,
        env=os.environ | own,
        check=True,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
