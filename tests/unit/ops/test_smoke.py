"""`make smoke`: the order of its steps, and that it removes what it made, also after a failure."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer

from tipoff import sources
from tipoff_ops.deploy import smoke
from tipoff_ops.deploy.smoke import removal, run_steps, schedule_document, steps

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)


@pytest.fixture
def document(tmp_path: Path) -> tuple[str, Path]:
    return schedule_document(tmp_path, NOW)


def test_the_document_is_one_that_ingest_accepts(document: tuple[str, Path]) -> None:
    name, path = document
    assert sources.read(name, path.read_bytes(), None, NOW).rows_out > 0


@pytest.mark.parametrize("broken", ["", "apply", "trace", "workflows"])
def test_it_destroys_what_it_made_also_after_a_failure(
    document: tuple[str, Path], broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tipoff_ops.deploy.smoke.time.sleep", lambda _: None)
    ran: list[str] = []

    def run(command: Sequence[str], _root: Path) -> int:
        ran.append(" ".join(command))
        return int(bool(broken) and broken in command)

    planned = list(steps("p", "dev", "us-west2", *document))
    assert run_steps(planned, removal("dev", keep=False), run, Path()) == (not broken)
    assert ran[-1].endswith("destroy -input=false -auto-approve")
    if not broken:
        assert len(ran) == len(planned) + 1


def test_without_a_login_it_says_so_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(smoke, "has_login", lambda: False)
    with pytest.raises(typer.Exit) as stopped:
        smoke.smoke(project="p", env="dev")
    assert stopped.value.exit_code == 2
    assert capsys.readouterr().err.strip() == smoke.NO_LOGIN


def test_it_never_runs_in_prod(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit):
        smoke.smoke(project="p", env="prod")
    assert "does not run in prod" in capsys.readouterr().err
