"""Object names: one registry of templates from which writers build names and ingest finds the parser.

A name is matched as a whole, byte for byte; it is never decoded, normalised, or used as a path. Tipoff's own layout
comes first of each source; the original system's layouts are further routes to the same parsers.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property, lru_cache
from typing import Literal

from tipoff.core.codes import Outcome, Reason
from tipoff.core.contracts.results import DocumentRefused
from tipoff.core.game_date import FIRST_INSTANT, LAST_INSTANT, parse_iso

type FieldValue = str | date | datetime | int

MAX_NAME_BYTES = 1024
_STAMP = r"[0-9]{8}T[0-9]{6}Z|[0-9]{8}_[0-9]{6}"
_PATTERNS: dict[str, str] = {
    "date": r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "season": r"[0-9]{4}-[0-9]{2}",
    "ts": _STAMP,
    "nba_game_id": r"[0-9]{10}",
    "event_id": r"[0-9a-f]{32}",
    "away": r"[A-Z]{3}",
    "home": r"[A-Z]{3}",
    "snap": r"[0-9]{4}",
    "hour": r"[0-2][0-9]",
    "report": r"Injury-Report_[0-9]{4}-[0-9]{2}-[0-9]{2}_[0-9]{2}(?:_[0-9]{2})?[AP]M",
}
_FIELD = re.compile(r"\{([a-z_]+)\}")
_TEMPORARY = re.compile(
    r"(^|/)(gcloud|gsutil)/tmp/|(^|/)\.[^/]*\.sw[px]$|_\.gstmp$|~$|(^|/)~\$|\._COPYING_$|(^|/)_temporary/"
    r"|\.(tmp|temp|part|partial|crdownload|download|gstmp|filepart|upload|uploading|incomplete|inprogress)$"
    r"|(^|/)\.[^/]+\.json\.[a-z0-9]{6}$",  # the last: a copy that rsync is still writing
    re.IGNORECASE,
)
_FOLDER = re.compile(r"/$|_\$folder\$$")


@dataclass(frozen=True)
class Template:
    """One layout of one source.

    Attributes:
        source: which parser reads it.
        pattern: the name with fields in braces.
        observed_from: `name` if its stamp is when the facts were known, `body` if the document says so itself.
        historical: the route holds documents fetched after the fact.
    """

    source: str
    pattern: str
    observed_from: Literal["name", "body"]
    historical: bool = False

    @cached_property
    def prefix(self) -> str:
        """Everything before the first field, e.g. `nba-com/boxscores/`."""
        return self.pattern.split("{", 1)[0]

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """The anchored expression of the whole name."""
        parts = _FIELD.split(self.pattern)
        body = "".join(
            f"(?P<{part}>{_PATTERNS[part]})" if index % 2 else re.escape(part) for index, part in enumerate(parts)
        )
        return re.compile(body)

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """Names of its fields, in order."""
        return tuple(_FIELD.findall(self.pattern))


def _odds(kind: str, source: str) -> tuple[Template, ...]:
    event = "{date}/{event_id}-{away}{home}/{ts}"
    return (
        Template(source, f"odds-api/{kind}/{event}.json", "body"),
        Template(source, f"odds-api/{kind}/{event}-snap-{{snap}}.json", "body"),
        Template(source, f"odds-api/{kind}-history/{event}.json", "body", historical=True),
        Template(source, f"odds-api/{kind}-history/{event}-snap-{{snap}}.json", "body", historical=True),
    )


TEMPLATES: tuple[Template, ...] = (
    Template("nbac_schedule", "nba-com/schedule/{season}/{ts}.json", "name"),
    Template("nbac_schedule", "nba-com/schedule-cdn/{season}/{ts}.json", "name"),
    Template("nbac_schedule", "nba-com/schedule-metadata/{season}/{ts}.json", "name"),
    Template("nbac_boxscore", "nba-com/boxscores/{date}/{nba_game_id}/{ts}.json", "name"),
    Template("nbac_stats_boxscore", "nba-com/team-boxscore/{date}/{nba_game_id}/{ts}.json", "name"),
    Template("nbac_play_by_play", "nba-com/play-by-play/{date}/{nba_game_id}/{ts}.json", "name"),
    Template("nbac_play_by_play", "nba-com/play-by-play/{date}/game-{nba_game_id}/{ts}.json", "name"),
    Template("nbac_scoreboard", "nba-com/scoreboard/{date}/{ts}.json", "name"),
    Template("nbac_gamelog", "nba-com/player-boxscores/{date}/{ts}.json", "name"),
    Template("nbac_shot_chart", "nba-com/shot-chart/{date}/{nba_game_id}/{ts}.json", "name"),
    Template("nbac_injury_report", "nba-com/injury-report/{date}/{ts}.json", "body"),
    Template("nbac_injury_report", "nba-com/injury-report-data/{date}/{hour}/{ts}.json", "body"),
    Template("nbac_injury_report_pdf", "nba-com/injury-report-pdf/{date}/{hour}/{ts}.pdf", "body"),
    Template("nbac_injury_report_pdf", "nba-com/injury-report-pdf/{date}/{hour}/{report}.pdf", "body"),
    Template("odds_api_events", "odds-api/events/{date}/{ts}.json", "body"),
    Template("odds_api_events", "odds-api/events-history/{date}/{ts}.json", "body", historical=True),
    *_odds("game-lines", "odds_api_game_lines"),
    *_odds("player-props", "odds_api_player_props"),
    Template("bdl_player_boxscores", "ball-dont-lie/boxscores/{date}/{ts}.json", "name"),
)

SOURCES: tuple[str, ...] = tuple(dict.fromkeys(template.source for template in TEMPLATES))
_BY_PREFIX: dict[str, tuple[Template, ...]] = {
    prefix: tuple(template for template in TEMPLATES if template.prefix == prefix)
    for prefix in dict.fromkeys(template.prefix for template in TEMPLATES)
}


@dataclass(frozen=True, slots=True)
class Route:
    """A name that belongs to a source, with what it says.

    Attributes:
        source: which parser reads the document.
        observed_from: `name` or `body`.
        historical: fetched after the fact.
        captured_at: instant (UTC) in the name; None for an injury-report PDF under its published name.
        day: date in the name (Eastern); None for a schedule.
        season: season in the name, e.g. `2023-24`; schedules only.
        nba_game_id, event_id, away, home: ids and tricodes in the name, where its layout has them.
        snapshot_tag: `snap-2130`, where the name has one.
        hour: Eastern hour in the name of an injury report of the original's layout.
    """

    source: str
    observed_from: str
    historical: bool
    captured_at: datetime | None
    day: date | None = None
    season: str | None = None
    nba_game_id: str | None = None
    event_id: str | None = None
    away: str | None = None
    home: str | None = None
    snapshot_tag: str | None = None
    hour: int | None = None


def route(object_name: str) -> Route | None:
    """The route of an object name, or None if it matches no template or says something impossible."""
    for template in _BY_PREFIX.get(_prefix(object_name), ()):
        if match := template.regex.fullmatch(object_name):
            try:
                return _route(template, match.groupdict())
            except ValueError:
                return None
    return None


def _prefix(object_name: str) -> str:
    first, slash, rest = object_name.partition("/")
    second, slash_two, _ = rest.partition("/")
    return first + slash + second + slash_two


def _route(template: Template, found: dict[str, str]) -> Route:
    stamp, day, snap, hour = (found.get(name) for name in ("ts", "date", "snap", "hour"))
    if snap and not (snap[:2] < "24" and snap[2:] < "60") or hour and hour > "23":
        raise ValueError("an hour ends at 23, a minute at 59")
    return Route(
        source=template.source,
        observed_from=template.observed_from,
        historical=template.historical,
        captured_at=parse_stamp(stamp) if stamp else None,
        day=_league_date(day) if day else None,
        season=_season(found["season"]) if "season" in found else None,
        nba_game_id=found.get("nba_game_id"),
        event_id=found.get("event_id"),
        away=found.get("away"),
        home=found.get("home"),
        snapshot_tag=f"snap-{snap}" if snap else None,
        hour=int(hour) if hour else None,
    )


@lru_cache(maxsize=4096)
def parse_stamp(text: str) -> datetime:
    """Instant (UTC) of `YYYYMMDDTHHMMSSZ` or the original's `YYYYMMDD_HHMMSS`.

    Raises:
        ValueError: no such instant, or one before 1946 or after 2100.
    """
    digits = text.replace("_", "T").rstrip("Z")
    instant = datetime.strptime(digits, "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    if not FIRST_INSTANT <= instant < LAST_INSTANT:
        raise ValueError("an instant of this league lies between 1946 and 2100")
    return instant


def _league_date(text: str) -> date:
    day = parse_iso(text)
    if not FIRST_INSTANT.date() <= day < LAST_INSTANT.date():
        raise ValueError("a date of this league lies between 1946 and 2100")
    return day


def _season(text: str) -> str:
    if int(text[5:]) != (int(text[:4]) + 1) % 100 or not 1946 <= int(text[:4]) < 2100:
        raise ValueError("a season is two consecutive years")
    return text


def refusal(object_name: str, size: int = 0) -> DocumentRefused:
    """Why a name that `route` answers with None is not read.

    A folder marker (no bytes) or a temporary upload is ignored; a known prefix with anything else behind it is
    bad_name; all the rest is unknown_source.
    """
    if (_FOLDER.search(object_name) and size == 0) or _TEMPORARY.search(object_name):
        return DocumentRefused(
            Reason.FOLDER_MARKER,
            "an artefact of storage is no document",
            "name",
            object_name,
            Outcome.IGNORED,
        )
    known = _prefix(object_name) in _BY_PREFIX
    reason = Reason.BAD_NAME if known else Reason.UNKNOWN_SOURCE
    rule = "a name follows its source's template" if known else "a name belongs to a registered source"
    return DocumentRefused(reason, rule, "name", object_name)


def object_name(source: str, **fields: FieldValue) -> str:
    """Name of an object of a source in Tipoff's own layout (the source's first template).

    Args:
        source: one of SOURCES.
        fields: the template's fields: `date` (date or ISO text), `ts` (aware datetime or text), ids and tricodes.

    Raises:
        ValueError: unknown source, a field missing or too many, or a value its template does not allow.
    """
    template = next((one for one in TEMPLATES if one.source == source), None)
    if template is None:
        raise ValueError(f"no source is called {source!r}")
    if set(fields) != set(template.fields):
        raise ValueError(f"{source} needs exactly the fields {', '.join(template.fields)}")
    name = _FIELD.sub(lambda match: _written(fields[match.group(1)]), template.pattern)
    if route(name) is None:
        raise ValueError(f"not a valid name of {source}: {name[:200]!r}")
    return name


def _written(value: FieldValue) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    return value.isoformat() if isinstance(value, date) else str(value)
