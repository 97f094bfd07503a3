"""Splits things with a size into groups that are small enough."""

from collections.abc import Callable, Iterable, Iterator


def size_groups[T](things: Iterable[T], size_bytes: Callable[[T], int], limit_bytes: int) -> Iterator[list[T]]:
    """The things in order, in groups of at most `limit_bytes`. A larger thing has a group of its own."""
    group: list[T] = []
    group_bytes = 0
    for thing in things:
        if group and group_bytes + size_bytes(thing) > limit_bytes:
            yield group
            group, group_bytes = [], 0
        group.append(thing)
        group_bytes += size_bytes(thing)
    if group:
        yield group
