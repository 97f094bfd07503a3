"""docs/google-cloud.md: each behaviour names a page of the documentation and a test that exists."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.contract.source_tree import ROOT

PAGE = ROOT / "docs" / "google-cloud.md"
LINK = re.compile(r"\]\((https://[^)\s]+)\)")
PUBLISHERS = re.compile(
    r"https://(cloud|docs\.cloud|developers)\.google\.com/|https://developer\.hashicorp\.com/"
    r"|https://github\.com/(hashicorp|googleapis|GoogleCloudPlatform)/"
)
TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+)(?:\[([^\]]+)\])?)?`")


def rows(section: str) -> Iterator[list[str]]:
    """The cells of each row of the table of a section."""
    text = PAGE.read_text("utf-8").split(f"## {section}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in text.splitlines() if line.startswith("|")][2:]
    return ([cell.strip() for cell in line.strip("|").split(" | ")] for line in lines)


def problems(row: list[str]) -> Iterator[str]:
    """What a row lacks."""
    if len(row) != 3:
        yield f"{len(row)} cells, not 3"
        return
    pages, tests = LINK.findall(row[1]), TEST.findall(row[2])
    yield from ("no page" for _ in [0] if not pages)
    yield from (f"{page} is no documentation of the service" for page in pages if not PUBLISHERS.match(page))
    yield from ("no test" for _ in [0] if not tests)
    yield from (f"{path} {name} does not exist" for path, name, _ in tests if not exists(ROOT / path, name))


def exists(path: Path, name: str) -> bool:
    """Whether a file has a test, or any test if none is named."""
    wanted = name if name else r"test_\w+"
    return (
        path.is_file() and re.search(rf"^(?:async )?def {wanted}\(", path.read_text("utf-8"), re.MULTILINE) is not None
    )


def test_every_behaviour_names_a_page_and_a_test_that_exists() -> None:
    found = [(row[0], problem) for row in rows("Behaviours") for problem in problems(row)]
    assert found == []


def test_every_open_question_names_the_command_that_shows_it() -> None:
    assert [row for row in rows("What only a real project can show") if len(row) != 2 or "`" not in row[1]] == []


def test_a_row_without_a_test_is_found() -> None:
    page = "[page](https://cloud.google.com/pubsub/docs/push)"
    assert list(problems(["x", page, "`tests/contract/test_google_cloud.py::test_gone`"])) == [
        "tests/contract/test_google_cloud.py test_gone does not exist"
    ]
    assert list(problems(["x", "[page](https://example.com/)", ""])) == [
        "https://example.com/ is no documentation of the service",
        "no test",
    ]
