"""Products of matrices by NumPy's library, on the thread that asks for them."""

# SPDX-License-Identifier: BSD-3-Clause

from contextlib import contextmanager
from threading import Lock

from threadpoolctl import ThreadpoolController

_lock = Lock()
_users: list[object] = []
_limits: list[object] = []


@contextmanager
def one_blas_thread():
    """Let products of matrices use no threads of their own, anywhere in the process.

    The package's threads multiply matrices side by side; and with several threads in
    one product its last bits depend on how many there are.  May be entered by several
    threads at a time, and again inside of itself.
    """
    user = object()
    with _lock:
        _users.append(user)
        if len(_users) == 1:
            controller = ThreadpoolController().select(user_api="blas")
            _limits.append(controller.limit(limits=1))
    try:
        yield
    finally:
        with _lock:
            _users.remove(user)
            if not _users:
                _limits.pop().restore_original_limits()
