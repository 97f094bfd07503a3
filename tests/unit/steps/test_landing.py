"""A schedule lands when its rows differ: each one states when it was made, so no two have the same bytes."""

import json
from datetime import UTC, date, datetime
from typing import Any, cast

import pytest
from tests.support.objects import Objects

from tipoff.cloud.storage import ObjectStore
from tipoff.core.collect.model import Answer, Document, SourceRequest, Target
from tipoff.sources import COLLECTIONS
from tipoff.steps.collect.landing import Landing, digest_of_bytes, digest_of_rows
from tipoff_sim import SMALL, Kind, League

DAY = date(2018, 11, 1)
NOW = datetime(2018, 11, 1, 13, tzinfo=UTC)
SCHEDULE = next(one for one in League(3).season(DAY, 2, SMALL) if one.kind is Kind.SCHEDULE)
(REQUEST,) = COLLECTIONS["nbac_schedule"].first(Target("nbac_schedule", DAY, (), NOW))


def document(hour: int, change: Any = None) -> tuple[Document, SourceRequest, Answer]:
    body = json.loads(SCHEDULE.body)
    body["meta"]["time"] = f"2018-11-01T{hour}:00:00Z"
    if change:
        change(body)
    text = json.dumps(body).encode()
    name = f"nba-com/schedule/2018-19/20181101T{hour}0000Z.json"
    answer = Answer(200, {"etag": f'"{hour}"'}, text, NOW)
    return Document(name, REQUEST.identity, text, NOW, "capture"), REQUEST, answer


def moved(body: Any) -> None:
    body["leagueSchedule"]["gameDates"][0]["games"][0]["gameDateTimeUTC"] = "2018-11-01T20:00:00Z"


@pytest.fixture
def landing() -> Landing:
    return Landing(cast("ObjectStore", Objects()), "landing", "state", "run", digest_of=digest_of_rows)


def test_a_schedule_with_another_time_stamp_does_not_land(landing: Landing) -> None:
    assert landing.land(*document(10))
    assert not landing.land(*document(12))
    assert landing.last(REQUEST.identity).etag == '"12"', "the next request is conditional on the newest answer"
    assert landing.land(*document(13, moved))
    assert landing.land(*document(14)), "moved back"


def test_a_schedule_that_is_refused_lands_and_is_quarantined(landing: Landing) -> None:
    broken = lambda body: body.pop("leagueSchedule")  # noqa: E731
    assert landing.land(*document(10))
    assert landing.land(*document(12, broken))
    assert not landing.land(*document(12, broken))


def test_other_documents_are_compared_by_their_bytes() -> None:
    landing = Landing(cast("ObjectStore", Objects()), "landing", "state", "run")
    assert landing.digest_of is digest_of_bytes
    assert landing.land(*document(10)) and landing.land(*document(12))
    assert [name for name, source in COLLECTIONS.items() if source.compares_rows] == ["nbac_schedule"]
