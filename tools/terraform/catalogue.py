"""Checks mesh.yaml for faults that terraform would find late or never."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import jsonschema
import yaml
from cronsim import CronSim, CronSimError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# A year with both clock changes, and with the days around the end of each season.
YEAR = (date(2027, 1, 1), date(2027, 12, 31))
ACCOUNT = re.compile(r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$")
# Refusals that last this long are not yet dead letters.
PATIENCE_S = 3600


def load(root: Path) -> dict[str, Any]:
    """mesh.yaml as plain data."""
    page: dict[str, Any] = yaml.safe_load((root / "terraform" / "mesh.yaml").read_text())
    return page


def problems(root: Path) -> list[str]:
    """The faults in the mesh.yaml of a repository."""
    page = load(root)
    schema = json.loads((root / "terraform" / "mesh.schema.json").read_text())
    shape = [
        f"mesh.yaml {'/'.join(str(part) for part in error.absolute_path)}: {error.message}"
        for error in jsonschema.Draft202012Validator(schema).iter_errors(page)
    ]
    if shape:
        return shape
    checks = (_references, _services, _deadlines, _watched, _schedules)
    return [*(fault for check in checks for fault in check(page)), *_files(root, page)]


def references(page: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(user, kind, key) of every reference to a key."""
    kinds = {
        "read_buckets": "buckets", "write_buckets": "buckets", "read_datasets": "datasets",
        "write_datasets": "datasets", "publish": "topics", "start_workflows": "workflows", "secrets": "secrets",
        "topic": "topics", "function": "functions", "dead_letter": "topics", "notify": "topics",
        "authorised_over": "datasets", "workflow": "workflows", "calls": "functions", "runs": "workflows",
    }  # fmt: skip
    for kind in ("subscriptions", "buckets", "datasets", "functions", "workflows", "schedules"):
        for key, entry in page[kind].items():
            for field, value in (entry | entry.get("may", {})).items():
                if field in kinds and (kind, field) != ("topics", "dead_letter"):
                    for used in value if isinstance(value, list) else [value]:
                        yield f"{kind}.{key}.{field}", kinds[field], used
    measured = {"published": "topics", "dead_lettered": "subscriptions", "oldest_unacked_s": "subscriptions",
                "failed_executions": "workflows", "successes": "workflows", "logged": "log_metrics"}  # fmt: skip
    for key, alert in page["alerts"].items():
        for used in alert.get("of", []):
            yield f"alerts.{key}.of", measured[alert["measure"]], used


def _references(page: dict[str, Any]) -> Iterator[str]:
    for who, kind, used in references(page):
        if used not in page[kind]:
            yield f"{who} names {used!r}, which {kind} does not declare"
    held = {entry["topic"] for entry in page["subscriptions"].values() if entry.get("hold")}
    for key, entry in page["topics"].items():
        if entry.get("dead_letter") and key not in held:
            yield f"topics.{key} receives dead letters that no subscription holds"
    for key, entry in page["subscriptions"].items():
        letters = entry.get("dead_letter")
        if letters and not page["topics"].get(letters, {}).get("dead_letter"):
            yield f"subscriptions.{key}.dead_letter: topic {letters!r} is not marked dead_letter"
        if letters == entry["topic"]:
            yield f"subscriptions.{key} sends its dead letters to itself"


def _services(page: dict[str, Any]) -> Iterator[str]:
    services = [entry["service"] for entry in page["functions"].values()]
    yield from (f"service {name!r} is there twice" for name in {s for s in services if services.count(s) > 1})
    accounts = [f"fn-{key.replace('_', '-')}" for key in page["functions"]]
    accounts += [f"wf-{key}" for key in page["workflows"]]
    accounts += [f"push-{key}" for key, entry in page["subscriptions"].items() if "function" in entry]
    yield from (f"account {name!r} is not 6 to 30 characters" for name in accounts if not ACCOUNT.match(name))
    reached = {used for who, kind, used in references(page) if kind == "functions"}
    for key, entry in page["functions"].items():
        if key not in reached and entry["ingress"] != "all":
            yield f"functions.{key}: nothing calls it"
        if entry["concurrency"] > 1 and entry["cpu"] < 1:
            yield f"functions.{key}: concurrency above 1 needs a whole CPU"


def _deadlines(page: dict[str, Any]) -> Iterator[str]:
    for key, entry in page["subscriptions"].items():
        if "function" not in entry or entry["function"] not in page["functions"]:
            continue
        if entry["ack_deadline_s"] < page["functions"][entry["function"]]["timeout_s"]:
            yield f"subscriptions.{key}: Pub/Sub redelivers before {entry['function']} may give up"
        if entry["min_backoff_s"] > entry["max_backoff_s"]:
            yield f"subscriptions.{key}: backoff shrinks"
        if (patience_s := _waits_s(entry)) < PATIENCE_S:
            yield f"subscriptions.{key}: dead letters after {patience_s} s of refusals, not {PATIENCE_S} s"


def _watched(page: dict[str, Any]) -> Iterator[str]:
    """Dead letters, messages that wait, and failed executions: an alert watches each of them."""
    pushes = {key for key, entry in page["subscriptions"].items() if "function" in entry}
    wanted = {"dead_lettered": pushes, "oldest_unacked_s": pushes, "failed_executions": set(page["workflows"])}
    for measure, keys in wanted.items():
        seen = {key for alert in page["alerts"].values() if alert["measure"] == measure for key in alert["of"]}
        yield from (f"no alert measures {measure} of {key}" for key in sorted(keys - seen))


def _waits_s(subscription: dict[str, Any]) -> int:
    """Seconds between the first attempt and the last, each wait twice as long as the one before.

    https://cloud.google.com/pubsub/docs/handling-failures
    """
    first, longest = subscription["min_backoff_s"], subscription["max_backoff_s"]
    return sum(min(first * 2**number, longest) for number in range(subscription["attempts"] - 1))


def _files(root: Path, page: dict[str, Any]) -> Iterator[str]:
    declared = {entry["file"] for entry in page["workflows"].values()}
    there = {path.name for path in (root / "dist" / "workflows").glob("*.yaml")}
    yield from (f"dist/workflows/{name} is declared and missing" for name in sorted(declared - there))
    yield from (f"dist/workflows/{name} belongs to no workflow" for name in sorted(there - declared))


def _schedules(page: dict[str, Any]) -> Iterator[str]:
    if page["time_zone"] not in available_timezones():
        yield f"time_zone {page['time_zone']!r} is unknown"
        return
    zone = ZoneInfo(page["time_zone"])
    started: dict[tuple[str, datetime], str] = {}
    for key, entry in page["schedules"].items():
        try:
            times = firings(entry["cron"], zone)
        except CronSimError as error:
            yield f"schedules.{key}.cron: {error}"
            continue
        yield from windows_missed(f"schedules.{key}", entry, times)
        for at in times:
            target = entry.get("workflow") or f"{entry['function']}{entry['path']}"
            other = started.setdefault((target, at), key)
            if other != key:
                yield f"schedules {other} and {key} both start {target} at {at}"
                break


@cache
def firings(cron: str, zone: ZoneInfo) -> tuple[datetime, ...]:
    """Every instant of a year at which a cron line fires, in local time. The year has both clock changes.

    Cached: a line that fires every few minutes takes seconds to expand, and each fault test reads all lines.
    """
    first, last = YEAR
    every = CronSim(cron, datetime.combine(first, time(), zone) - timedelta(minutes=1))
    return tuple(takewhile(lambda at: at.date() <= last, every))


def windows_missed(who: str, entry: dict[str, Any], times: Sequence[datetime]) -> Iterator[str]:
    """The first day on which a window has no firing, and the first firing outside of all windows."""
    windows = [tuple(time.fromisoformat(part) for part in text.split("-")) for text in entry["windows"]]
    hits: dict[date, set[int]] = {}
    for at in times:
        within = [i for i, (start, end) in enumerate(windows) if start <= at.timetz().replace(tzinfo=None) <= end]
        if not within:
            yield f"{who} fires at {at}, outside of {entry['windows']}"
            return
        hits.setdefault(at.date(), set()).update(within)
    days = entry.get("days") or DAYS
    first, last = YEAR
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        if DAYS[day.weekday()] in days and len(hits.get(day, ())) < len(windows):
            yield f"{who} misses a window of {entry['windows']} on {day}"
            return
