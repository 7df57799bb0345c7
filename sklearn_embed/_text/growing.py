"""An array that grows at its end, in place where the system can."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np


class Growing:
    """A one-dimensional array that is appended to.

    Parameters
    ----------
    dtype : dtype
        Of its elements.
    """

    def __init__(self, dtype):
        self._array = np.empty(0, dtype)
        self.used = 0

    def append(self, values):
        """Add values at the end."""
        end = self.used + len(values)
        if end > len(self._array):
            # Reallocated in place where the system can, so by small steps.
            self._array.resize(end + end // 8, refcheck=False)
        self._array[self.used : end] = values
        self.used = end

    def result(self):
        """Return what was added; nothing can be added any more."""
        array, self._array = self._array, None
        array.resize(self.used, refcheck=False)
        return array
