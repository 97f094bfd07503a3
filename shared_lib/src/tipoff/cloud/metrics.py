"""Cloud Monitoring: sums of metrics. https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.timeSeries/list"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Protocol

import msgspec

from tipoff.cloud.errors import translated
from tipoff.core.errors import BackendUnavailable

SERVICE = "https://monitoring.googleapis.com"
TIMEOUT_S = 60.0
OK = 200

type Labels = tuple[str, ...]


class _Response(Protocol):
    status_code: int
    content: bytes


class Session(Protocol):
    """Sends requests; `google.auth.transport.requests.AuthorizedSession` is one."""

    def get(self, url: str, *, params: dict[str, str], timeout: float) -> _Response:
        """Send a GET request."""
        ...


class _Value(msgspec.Struct, rename="camel"):
    double_value: float = 0.0
    int64_value: str = "0"


class _Point(msgspec.Struct):
    value: _Value


class _Labelled(msgspec.Struct):
    labels: dict[str, str] = {}


class _Series(msgspec.Struct):
    resource: _Labelled = msgspec.field(default_factory=_Labelled)
    metric: _Labelled = msgspec.field(default_factory=_Labelled)
    points: list[_Point] = []


class _Page(msgspec.Struct, rename="camel"):
    time_series: list[_Series] = []
    next_page_token: str = ""


class Metrics:
    """The metrics of one project.

    Args:
        session: by default one with the application default credentials.
        url: of the service.
    """

    def __init__(self, project: str, session: Session | None = None, url: str = SERVICE) -> None:
        self._url = f"{url}/v3/projects/{project}/timeSeries"
        self._session = session or _authorized_session()

    def sums(self, metric: str, labels: Labels, start: datetime, end: datetime) -> dict[Labels, float]:
        """The sum of a metric over a time, by the values of labels such as `resource.labels.topic_id`.

        Raises:
            TipoffError: the service refused the request or did not answer.
        """
        params = {
            "filter": f'metric.type = "{metric}"',
            "interval.startTime": start.isoformat().replace("+00:00", "Z"),
            "interval.endTime": end.isoformat().replace("+00:00", "Z"),
            "aggregation.alignmentPeriod": f"{int((end - start).total_seconds())}s",
            "aggregation.perSeriesAligner": "ALIGN_SUM",
            "aggregation.crossSeriesReducer": "REDUCE_SUM",
            "aggregation.groupByFields": ",".join(labels),
        }
        found: dict[Labels, float] = {}
        for series in self._series(params):
            key = tuple(_label(series, name) for name in labels)
            found[key] = found.get(key, 0.0) + sum(map(_number, series.points))
        return found

    def _series(self, params: dict[str, str]) -> Iterator[_Series]:
        token = ""
        while True:
            with translated("read metrics"):
                answer = self._session.get(self._url, params={**params, "pageToken": token}, timeout=TIMEOUT_S)
            if answer.status_code != OK:
                raise BackendUnavailable("no_metrics", f"{answer.status_code}: {answer.content[:500]!r}")
            page = msgspec.json.decode(answer.content, type=_Page)
            yield from page.time_series
            token = page.next_page_token
            if not token:
                return


def _label(series: _Series, name: str) -> str:
    """The value of `resource.labels.x` or `metric.labels.x`."""
    owner, _, label = name.split(".")
    return (series.resource if owner == "resource" else series.metric).labels.get(label, "")


def _number(point: _Point) -> float:
    return point.value.double_value + int(point.value.int64_value)


def _authorized_session() -> Any:
    import google.auth
    from google.auth.transport.requests import AuthorizedSession

    credentials, _ = google.auth.default(scopes=["https://www.googleapis.com/auth/monitoring.read"])
    return AuthorizedSession(credentials)
