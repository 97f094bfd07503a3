"""Renders the operator's page, one self-contained HTML document: html = render(ReportData(...)).

All text is escaped, because quarantine samples are untrusted. The document's content security policy allows only its
style and its script, by their digests, so the page sends no request.
"""

from base64 import b64encode
from hashlib import sha256

from tipoff.site import sections
from tipoff.site.data import (
    CalibrationBin,
    Conservation,
    DateSummary,
    Execution,
    FreshnessCell,
    PredictionLine,
    QuarantineReason,
    ReportData,
    SystemScore,
    TableFreshness,
)
from tipoff.site.markup import Markup, element, join, trusted
from tipoff.site.style import SCRIPT, STYLE
from tipoff.site.words import instant

__all__ = [
    "CalibrationBin",
    "Conservation",
    "DateSummary",
    "Execution",
    "FreshnessCell",
    "PredictionLine",
    "QuarantineReason",
    "ReportData",
    "SystemScore",
    "TableFreshness",
    "render",
]

_SECTIONS = (
    ("dates", "By date", sections.dates),
    ("accuracy", "Accuracy", sections.accuracy),
    ("predictions", "Predictions", sections.predictions),
    ("freshness", "Tables", sections.freshness),
    ("intake", "Intake", sections.intake),
    ("workflows", "Workflows", sections.workflows),
)


def render(data: ReportData) -> str:
    """The page as HTML text. The same data gives the same bytes."""
    body = element("body", _header(data), element("main", [draw(data) for _, _, draw in _SECTIONS]), _footer(data))
    return f'<!doctype html>\n<html lang="en">{_head(data)}{body}</html>\n'


def _head(data: ReportData) -> Markup:
    policy = f"default-src 'none'; style-src {_digest(STYLE)}; script-src {_digest(SCRIPT)}; base-uri 'none'"
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="robots", content="noindex"),
        element("title", f"Tipoff: {data.environment}"),
        element("style", trusted(STYLE)),
    )


def _digest(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _header(data: ReportData) -> Markup:
    links = [element("a", title, href=f"#{anchor}") for anchor, title, _ in _SECTIONS]
    about = f"{data.project}, {data.environment}. Made {instant(data.generated_at)} by release {data.release[:12]}."
    return element(
        "header",
        element("h1", "Tip", element("span", "off")),
        element("p", about, class_="meta"),
        element("p", data.statement, class_="statement"),
        sections.tiles(data),
        element("nav", links, aria_label="Sections"),
    )


def _footer(data: ReportData) -> Markup:
    told = "Errors are in points. Dates are Eastern, instants UTC. The page loads nothing from anywhere."
    return join(element("footer", element("p", told)), element("script", trusted(SCRIPT)))
