"""Object names: the templates that build names and find the source of a document.

A name must match a template completely. It is never decoded, normalised or used as a path. A source's first template is
Tipoff's own; the others are those of the original system.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property, lru_cache

from tipoff.core.codes import DocumentOutcome, Reason
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
    r"|(^|/)\.[^/]+\.json\.[a-z0-9]{6}$",  # an unfinished copy by rsync
    re.IGNORECASE,
)
_FOLDER = re.compile(r"/$|_\$folder\$$")


@dataclass(frozen=True)
class Template:
    """One template of a source's object names.

    Attributes:
        pattern: the name with its fields in braces.
        historical: its documents were fetched after the fact.
    """

    pattern: str
    historical: bool = False

    @cached_property
    def prefix(self) -> str:
        """The part before the first field, such as `nba-com/boxscores/`."""
        return self.pattern.split("{", 1)[0]

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """The regular expression of the whole name."""
        parts = _FIELD.split(self.pattern)
        body = "".join(
            f"(?P<{part}>{_PATTERNS[part]})" if index % 2 else re.escape(part) for index, part in enumerate(parts)
        )
        return re.compile(body)

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """The names of its fields, in order."""
        return tuple(_FIELD.findall(self.pattern))

    def object_name(self, **fields: FieldValue) -> str:
        """The object name with these fields: `date` (date or ISO text), `ts` (aware datetime or text), ids, tricodes.

        Raises:
            ValueError: a missing, unknown or invalid field.
        """
        if set(fields) != set(self.fields):
            raise ValueError(f"{self.pattern} needs exactly the fields {', '.join(self.fields)}")
        name = _FIELD.sub(lambda match: _written(fields[match.group(1)]), self.pattern)
        match = self.regex.fullmatch(name)
        if match is None:
            raise ValueError(f"not a valid name of {self.pattern}: {name[:200]!r}")
        _route("", self, match.groupdict())
        return name


@dataclass(frozen=True, slots=True)
class Route:
    """The source of an object name, and the fields in the name.

    Attributes:
        source: name of the source.
        historical: fetched after the fact.
        captured_at: instant (UTC) in the name; None for an injury report under its published name.
        day: date in the name (Eastern); None for a schedule.
        season: season in the name of a schedule, such as `2023-24`.
        nba_game_id, event_id, away, home: ids and tricodes in the name, if any.
        snapshot_tag: for example `snap-2130`, if any.
        hour: Eastern hour in the name of an injury report, if any.
    """

    source: str
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


class ObjectNames:
    """The object names of several sources.

    Args:
        templates: the templates of each source, Tipoff's own first.

    Raises:
        ValueError: a template does not begin with two folders without fields, so `route` would find no name of it.
    """

    def __init__(self, templates: Mapping[str, tuple[Template, ...]]) -> None:
        self._templates = templates
        self._by_prefix: dict[str, list[tuple[str, Template]]] = {}
        for source, layouts in templates.items():
            for template in layouts:
                if template.prefix != _prefix(template.pattern):
                    raise ValueError(f"{source}: {template.pattern} does not begin with exactly two folders")
                self._by_prefix.setdefault(template.prefix, []).append((source, template))

    def route(self, object_name: str) -> Route | None:
        """The route of an object name; None if it matches no template or has an impossible value."""
        for source, template in self._by_prefix.get(_prefix(object_name), ()):
            if match := template.regex.fullmatch(object_name):
                try:
                    return _route(source, template, match.groupdict())
                except ValueError:
                    return None
        return None

    def refusal(self, object_name: str, size: int = 0) -> DocumentRefused:
        """The reason for refusing a name that has no route.

        A folder marker (no bytes) or a temporary upload is ignored. Any other name with a known prefix is bad_name. The
        rest is unknown_source.
        """
        if (_FOLDER.search(object_name) and size == 0) or _TEMPORARY.search(object_name):
            rule = "a folder marker or temporary upload is not a document"
            return DocumentRefused(Reason.FOLDER_MARKER, rule, "name", object_name, DocumentOutcome.IGNORED)
        known = _prefix(object_name) in self._by_prefix
        reason = Reason.BAD_NAME if known else Reason.UNKNOWN_SOURCE
        rule = "a name follows its source's template" if known else "a name belongs to a registered source"
        return DocumentRefused(reason, rule, "name", object_name)

    def object_name(self, source: str, **fields: FieldValue) -> str:
        """An object name of a source, by its first template. Fields as in `Template.object_name`.

        Raises:
            ValueError: an unknown source, or fields that the template does not allow.
        """
        if source not in self._templates:
            raise ValueError(f"unknown source {source!r}")
        return self._templates[source][0].object_name(**fields)


def _prefix(object_name: str) -> str:
    first, slash, rest = object_name.partition("/")
    second, slash_two, _ = rest.partition("/")
    return first + slash + second + slash_two


def _route(source: str, template: Template, found: dict[str, str]) -> Route:
    stamp, day, snap, hour = (found.get(name) for name in ("ts", "date", "snap", "hour"))
    if snap and not (snap[:2] < "24" and snap[2:] < "60") or hour and hour > "23":
        raise ValueError("an hour ends at 23, a minute at 59")
    return Route(
        source=source,
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
        ValueError: not an instant between 1946 and 2100.
    """
    digits = text.replace("_", "T").rstrip("Z")
    instant = datetime.strptime(digits, "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    if not FIRST_INSTANT <= instant < LAST_INSTANT:
        raise ValueError("an instant is between 1946 and 2100")
    return instant


def _league_date(text: str) -> date:
    day = parse_iso(text)
    if not FIRST_INSTANT.date() <= day < LAST_INSTANT.date():
        raise ValueError("a date is between 1946 and 2100")
    return day


def _season(text: str) -> str:
    if int(text[5:]) != (int(text[:4]) + 1) % 100 or not 1946 <= int(text[:4]) < 2100:
        raise ValueError("a season is two consecutive years")
    return text


def _written(value: FieldValue) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    return value.isoformat() if isinstance(value, date) else str(value)
