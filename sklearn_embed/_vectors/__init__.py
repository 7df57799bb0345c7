"""Word vectors as a value, and rows made of them."""

# SPDX-License-Identifier: BSD-3-Clause
