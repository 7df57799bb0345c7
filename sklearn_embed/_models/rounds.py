"""In which order blocks of pairs are trained: so that none waits long for another."""

# SPDX-License-Identifier: BSD-3-Clause


def rounds(n_groups):
    """Return lists of pairs of groups: each pair once, each group once a list.

    A round-robin tournament, by the circle method; last, each group by itself.
    """
    players = list(range(n_groups))
    schedule = []
    for _ in range(n_groups - 1):
        half = n_groups // 2
        schedule.append(
            list(zip(players[:half], players[: half - 1 : -1], strict=True))
        )
        players.insert(1, players.pop())
    return [*schedule, [(group, group) for group in range(n_groups)]]


def in_turn(schedule):
    """Return pairs of groups, list after list, those first whose groups rest longest.

    So hardly a thread has to wait for another one where a list ends.
    """
    turns, order = {}, []
    for pairs in schedule:
        pairs = sorted(pairs, key=lambda pair: max(turns.get(g, -1) for g in pair))
        for pair in pairs:
            turns.update(dict.fromkeys(pair, len(order)))
            order.append(pair)
    return order
