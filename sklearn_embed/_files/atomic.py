"""Files that appear whole or not at all."""

# SPDX-License-Identifier: BSD-3-Clause

import contextlib
import os
import stat
import tempfile


@contextlib.contextmanager
def replacing(path):
    """Write a file beside its final place and move it there at the end.

    Whatever goes wrong on the way, the old file stays and no other is left.

    Parameters
    ----------
    path : str or path
        The final place.  A symbolic link is followed.

    Yields
    ------
    file
        Open for writing bytes.
    """
    path = os.path.realpath(path)
    folder, name = os.path.split(path)
    handle, temporary = tempfile.mkstemp(prefix=f".{name}.", suffix=".part", dir=folder)
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, _mode(path))
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    _sync_folder(folder)


def _mode(path):
    """Return the permissions of the old file, or those of a new one."""
    try:
        return stat.S_IMODE(os.stat(path).st_mode)
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def _sync_folder(folder):
    """Make the move itself durable, on systems that let a folder be opened."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            os.fsync(handle)
    finally:
        os.close(handle)
