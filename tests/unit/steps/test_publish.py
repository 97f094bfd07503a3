"""The index follows the newest date: publishing an old one again never makes the live page older."""

from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from tipoff.cloud.downloads import ObjectBytes
from tipoff.cloud.storage import ObjectName
from tipoff.core.errors import BackendUnavailable, Conflict, NotReady
from tipoff.steps import publish as step
from tipoff.steps.publish import Publish, publish

OLD, NEW = date(2024, 11, 1), date(2024, 11, 3)


class Bucket:
    """A bucket with generations."""

    def __init__(self) -> None:
        self.objects: dict[str, ObjectBytes] = {}
        self.written: list[str] = []

    def names(self, _bucket: str, prefix: str) -> list[ObjectName]:
        found = [each for name, each in self.objects.items() if name.startswith(prefix)]
        return [ObjectName(each.name, each.generation, len(each.data)) for each in found]

    def read(self, _bucket: str, name: str) -> ObjectBytes:
        if name not in self.objects:
            raise NotReady("not_found", name)
        return self.objects[name]

    def write(
        self, _bucket: str, name: str, data: bytes, _type: str = "", if_generation: int | None = None, **_: object
    ) -> int:
        generation = self.objects[name].generation if name in self.objects else 0
        if if_generation is not None and if_generation != generation:
            raise Conflict("changed", name)
        self.written.append(name)
        self.objects[name] = ObjectBytes(name, generation + 1, None, data)
        return generation + 1


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Bucket:
    monkeypatch.setattr(step, "prediction_lines", lambda *_: ())
    monkeypatch.setattr(step, "report_data", lambda _warehouse, _first, last, *_, **__: last)
    monkeypatch.setattr(step, "render", lambda last: f"page of {last}")
    return Bucket()


def published(bucket: Any, day: date) -> tuple[str, ...]:
    settings = SimpleNamespace(bucket_public="public", release="r", project_id="p", environment="local")
    context: Any = SimpleNamespace(
        store=bucket, settings=settings, warehouse=None, clock=lambda: datetime(2024, 11, 4, tzinfo=UTC)
    )
    return publish(context, Publish(day)).objects


def test_an_old_date_has_its_own_page_and_leaves_the_index(bucket: Bucket) -> None:
    assert published(bucket, NEW) == (f"predictions/{NEW}.json", f"pages/{NEW}.html", "index.html")
    assert published(bucket, OLD) == (f"predictions/{OLD}.json", f"pages/{OLD}.html")
    assert bucket.objects["index.html"].data == f"page of {NEW}".encode()
    assert bucket.objects[f"pages/{OLD}.html"].data == f"page of {OLD}".encode()
    published(bucket, NEW)
    assert bucket.objects["index.html"].generation == 2, "the same date again is the newest one still"


def test_of_two_dates_at_once_the_older_one_is_refused(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    def render_slowly(last: date) -> str:
        monkeypatch.setattr(step, "render", lambda last: f"page of {last}")
        published(bucket, NEW)
        return f"page of {last}"

    monkeypatch.setattr(step, "render", render_slowly)
    assert published(bucket, OLD) == (f"predictions/{OLD}.json", f"pages/{OLD}.html")
    assert bucket.objects["index.html"].data == f"page of {NEW}".encode()

    class Overtaken(Bucket):
        def read(self, _bucket: str, name: str) -> ObjectBytes:
            found = super().read(_bucket, name)
            self.objects[name] = ObjectBytes(name, found.generation + 1, None, found.data)
            return found

    overtaken = Overtaken()
    overtaken.objects = bucket.objects
    with pytest.raises(BackendUnavailable):
        published(overtaken, NEW)
