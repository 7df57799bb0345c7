"""What has no subject: compiling, arrays, threads, numbers."""

# SPDX-License-Identifier: BSD-3-Clause
