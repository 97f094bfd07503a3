"""Objects in memory, in place of Cloud Storage, for tests of what is kept in the state bucket."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tipoff.cloud.downloads import ObjectBytes
from tipoff.core.errors import Conflict, NotReady


@dataclass
class Objects:
    """Objects of one bucket in memory; each of `meanwhile` runs once, before a write."""

    held: dict[str, tuple[bytes, int]] = field(default_factory=dict)
    meanwhile: list[Callable[[], None]] = field(default_factory=list)

    def read(self, bucket: str, name: str, generation: int | None = None) -> ObjectBytes:
        if name not in self.held:
            raise NotReady("NOT_FOUND", name)
        return ObjectBytes(name, self.held[name][1], None, self.held[name][0])

    def write(
        self, bucket: str, name: str, data: bytes, content_type: str = "", if_generation: int | None = None, **_: object
    ) -> int:
        if self.meanwhile:
            self.meanwhile.pop()()
        now = self.held.get(name, (b"", 0))[1]
        if if_generation not in (None, now):
            raise Conflict("CONFLICT", name)
        self.held[name] = (data, now + 1)
        return now + 1
