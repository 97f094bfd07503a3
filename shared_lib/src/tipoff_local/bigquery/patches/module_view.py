"""A module as one of its users sees it."""

from collections.abc import Callable
from typing import Any


class ModuleView:
    """A module with some functions replaced; only modules that import this view see the replacements."""

    def __init__(self, module: Any, **replaced: Callable[..., Any]) -> None:
        self._module = module
        self.__dict__.update(replaced)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)
