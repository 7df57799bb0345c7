"""How much memory this process has had at its largest (Linux), for benchmarks."""

# SPDX-License-Identifier: BSD-3-Clause


def resident_megabytes(forget=False):
    """Return the largest resident size so far; forget it first, if asked."""
    if forget:
        with open("/proc/self/clear_refs", "w") as stream:
            stream.write("5")
    with open("/proc/self/status") as stream:
        fields = dict(line.split(":", 1) for line in stream)
    return int(fields["VmHWM"].split()[0]) / 1024
