"""Files: opened, bounded, replaced whole; arrays in a safe container."""

# SPDX-License-Identifier: BSD-3-Clause
