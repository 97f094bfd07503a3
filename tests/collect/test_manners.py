"""Manners: not too fast, not twice what is unchanged, again when it helps, never over the budget, no key in sight."""

import logging
import re
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from tests.collect.conftest import KEYS, NOW, USER_AGENT, MakeClient, Places, Time
from tests.collect.documents import DAY, GAME, box, encoded, event
from tests.collect.recorded import CDN, ODDS, Recorded, Reply
from tipoff.cloud import http
from tipoff.cloud.http import SourceClient, Validators
from tipoff.core.collect.limits import ATTEMPTS, OPEN_AFTER, OPEN_FOR, Circuit, wait_s
from tipoff.core.collect.model import SourceRequest, Target, Verdict
from tipoff.core.errors import ConfigInvalid, QuotaPause
from tipoff.sources import COLLECTIONS

(BOX,) = COLLECTIONS["nbac_boxscore"].first(Target("nbac_boxscore", DAY, (GAME,), NOW))
(LINES,) = COLLECTIONS["odds_api_game_lines"].first(Target("odds_api_game_lines", DAY, (GAME,), NOW))
(BDL,) = COLLECTIONS["bdl_player_boxscores"].first(Target("bdl_player_boxscores", DAY, (GAME,), NOW))
PLACE = f"{BOX.host.name}{BOX.path}"
EVENTS = f"{LINES.host.name}{LINES.path}"


def send(client: MakeClient, one: SourceRequest = BOX, **limits: int) -> Verdict:
    return client(**limits).send(one, Validators())[0].verdict


@pytest.mark.parametrize(
    "fault", [Reply(status=503), Reply(status=429), Reply(cut=True), Reply(box(), cut=True, keep_bytes=20)]
)
def test_transient_failures_are_retried(fault: Reply, client: MakeClient, recorded: Recorded, moment: Time) -> None:
    recorded.serve(PLACE, box())
    recorded.script(PLACE, fault, fault)
    assert send(client) is Verdict.DOCUMENT
    assert len(recorded.requests) == 3
    assert moment.sleeps == [0.75, 1.5]  # doubled, half of it by chance


def test_it_gives_up_after_four_attempts(client: MakeClient, recorded: Recorded) -> None:
    recorded.script(PLACE, *[Reply(status=500)] * 9)
    assert send(client) is Verdict.UNAVAILABLE
    assert len(recorded.requests) == ATTEMPTS


def test_retry_after_is_honoured(client: MakeClient, recorded: Recorded, moment: Time) -> None:
    recorded.serve(PLACE, box())
    recorded.script(PLACE, Reply(status=429, headers={"Retry-After": "17"}))
    assert send(client) is Verdict.DOCUMENT
    assert moment.sleeps == [17.0]


def test_a_long_retry_after_ends_the_attempts(client: MakeClient, recorded: Recorded, moment: Time) -> None:
    recorded.script(PLACE, Reply(status=429, headers={"Retry-After": "3600"}))
    assert send(client) is Verdict.RATE_LIMITED
    assert (len(recorded.requests), moment.sleeps) == (1, [])


@pytest.mark.parametrize("status", [401, 403, 404, 422])
def test_permanent_failures_are_not_retried(status: int, client: MakeClient, recorded: Recorded) -> None:
    recorded.script(EVENTS, Reply(b"{}", status))
    send(client, LINES)
    assert len(recorded.requests) == 1


def test_jitter_spreads_the_waits() -> None:
    waits = [[wait_s(attempt, None, chance) for attempt in (1, 2, 3)] for chance in (0.0, 0.999)]
    assert waits[0] == [0.5, 1.0, 2.0]
    assert all(late > early for early, late in zip(*waits, strict=True) if early and late)
    assert wait_s(ATTEMPTS, None, 0.0) is None


def test_requests_to_a_host_are_spaced(client: MakeClient, recorded: Recorded, moment: Time) -> None:
    recorded.serve(PLACE, box())
    one, times = client(), []
    for _ in range(4):
        one.send(BOX, Validators())
        times.append(moment.seconds)
    assert [later - earlier for earlier, later in pairwise(times)] == [0.25] * 3


def test_an_unchanged_document_is_not_sent_again(client: MakeClient, recorded: Recorded) -> None:
    stamp = "Sun, 03 Nov 2024 01:02:03 GMT"
    recorded.serve(PLACE, box(), {"ETag": '"1"', "Last-Modified": stamp})
    for validators in (Validators('"1"', stamp), Validators(None, stamp)):
        assert client().send(BOX, validators)[0].verdict is Verdict.UNCHANGED
    assert client().send(BOX, Validators('"0"', None))[0].verdict is Verdict.DOCUMENT
    first = recorded.requests[0].headers
    assert (first["if-none-match"], first["if-modified-since"]) == ('"1"', stamp)


def test_the_body_is_what_was_sent_whatever_its_encoding(client: MakeClient, recorded: Recorded) -> None:
    for zipped in (True, False):
        recorded.serve(PLACE, box(), zipped=zipped)
        answer = client().send(BOX, Validators())[1]
        assert answer is not None
        assert answer.body == box()


def test_a_body_without_end_is_not_read(
    client: MakeClient, recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "BODY_BYTES_MAX", 1000)
    recorded.serve(PLACE, b"0" * 2_000_000)
    assert send(client) is Verdict.TOO_LARGE


@pytest.mark.parametrize(("limits", "sent"), [({"requests": 2}, 2), ({"credits": 5}, 2), ({"credits_left": 5}, 3)])
def test_the_budget_stops_before_it_is_exceeded(
    limits: dict[str, int], sent: int, client: MakeClient, recorded: Recorded
) -> None:
    left = iter((3, 2, 1))
    recorded.answer(
        lambda _: Reply(encoded([event()]), headers={"x-requests-last": "2", "x-requests-remaining": str(next(left))})
    )
    one = client(**limits)
    with pytest.raises(QuotaPause, match="over_budget"):
        for _ in range(9):
            one.send(LINES, Validators())
    assert len(recorded.requests) == sent
    assert one.spent.credits <= limits.get("credits", 99)


def test_retries_count_against_the_budget(client: MakeClient, recorded: Recorded) -> None:
    recorded.script(EVENTS, *[Reply(status=503)] * 9)
    one = client(credits=3)
    with pytest.raises(QuotaPause):
        one.send(LINES, Validators())
    assert (len(recorded.requests), one.spent.credits) == (1, 2)  # an attempt without a price counts in full


def test_quota_headers_take_precedence_over_the_price_list(client: MakeClient, recorded: Recorded) -> None:
    recorded.serve(EVENTS, encoded([event()]), {"x-requests-last": "1", "x-requests-remaining": "480"})
    one = client()
    one.send(LINES, Validators())
    assert (one.spent.credits, one.spent.credits_left) == (1, 480)


def test_a_circuit_opens_after_failures_in_a_row_and_lets_one_trial_through() -> None:
    circuit = Circuit()
    for _ in range(OPEN_AFTER - 1):
        circuit = circuit.after(NOW, failed=True)
    assert not circuit.is_open(NOW)
    assert circuit.after(NOW, failed=False) == Circuit()
    circuit = circuit.after(NOW, failed=True)
    assert circuit.is_open(NOW)
    later = NOW + OPEN_FOR
    assert not circuit.is_open(later)
    assert circuit.after(later, failed=True).is_open(later + timedelta(minutes=1))
    assert circuit.after(later, failed=False) == Circuit()


def test_no_key_is_in_a_log_or_an_error(recorded: Recorded, moment: Time, caplog: pytest.LogCaptureFixture) -> None:
    """Errors, refusals, cuts and successes, at the most talkative level there is."""
    caplog.set_level(logging.DEBUG)
    client = SourceClient(Places("http://x", recorded.url), KEYS, USER_AGENT, lambda: NOW)
    nowhere = SourceClient(Places("http://x", "http://127.0.0.1:9"), KEYS, USER_AGENT, lambda: NOW)
    told = []
    for one in (LINES, BDL):
        place = f"{one.host.name}{one.path}"
        recorded.serve(place, encoded([event()]))
        recorded.script(place, Reply(cut=True), Reply(b"{}", 401), Reply(b"x", cut=True, keep_bytes=0))
        for which in (client, nowhere):
            for _ in range(4):
                try:
                    told.append(repr(which.get(one, Validators())))
                except Exception as error:  # noqa: BLE001 - whatever it is, it must not tell
                    told.append(f"{error!r} {error.__cause__!r} {error.__suppress_context__}")
    assert len(told) == 16
    everything = caplog.text + "".join(told)
    assert not [key for key in KEYS.values() if key in everything]
    assert "apiKey" not in everything


def test_a_local_cloud_without_a_stand_in_reaches_nothing() -> None:
    with pytest.raises(ConfigInvalid):
        SourceClient(Places("http://127.0.0.1:1", None), KEYS, USER_AGENT, lambda: NOW)


def test_only_the_client_opens_connections() -> None:
    """One module speaks HTTP to sources; two others speak to Cloud Storage (docs/adr/0008-bulk-intake.md)."""
    source = Path(http.__file__).resolve().parents[1]
    speaks = re.compile(r"^\s*(?:import|from) (?:urllib3|requests|httpx|socket|http\.client|urllib\.request)\b", re.M)
    found = {path.name for path in source.rglob("*.py") if speaks.search(path.read_text(encoding="utf-8"))}
    assert found == {"http.py", "downloads.py", "storage.py"}


def test_hosts_are_those_of_the_table() -> None:
    assert {BOX.host.name, LINES.host.name} == {CDN, ODDS}
