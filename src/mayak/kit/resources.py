"""What a process was built with, looked up by kind."""

from collections.abc import Mapping
from typing import Any, TypeVar, cast

Thing = TypeVar("Thing")


class Resources:
    """One thing of each kind (a class or a Protocol), put together once in `entry`."""

    def __init__(self, things: Mapping[type[Any], Any]) -> None:
        self._things = dict(things)

    def get(self, kind: type[Thing]) -> Thing:
        """The thing of this kind. Raises KeyError naming the kind when there is none."""
        return cast("Thing", self._things[kind])

    def find(self, kind: type[Thing]) -> Thing | None:
        """The thing of this kind, or None."""
        return cast("Thing | None", self._things.get(kind))
