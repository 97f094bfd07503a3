"""Identities: game ids in all their forms, platform ids, names (docs/pitfalls.md#18)."""

import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tipoff.core import ids, teams
from tipoff.core.aliases import ALIASES

GAME_IDS = st.builds(
    lambda kind, year, number: f"00{kind}{year:02d}{number:05d}",
    st.integers(1, 6),
    st.integers(0, 99),
    st.integers(0, 99999),
)


@given(GAME_IDS)
def test_every_form_of_a_game_id_is_the_same_id(game_id: str) -> None:
    assert ids.nba_game_id(game_id) == ids.nba_game_id(int(game_id)) == ids.nba_game_id(game_id.lstrip("0")) == game_id
    assert ids.season_type(game_id) in ids.SEASON_TYPES.values()
    assert ids.season_year(game_id) % 100 == int(game_id[3:5])


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "0072300001",
        "0002300001",
        "00223000011",
        "002230000x",
        "-0022300001",
        "００２２３０００６１",
        "0022300061\n",
        10**11,
    ],
)
def test_what_is_no_game_id_is_refused(bad: str | int) -> None:
    with pytest.raises(ValueError):
        ids.nba_game_id(bad)


def test_seasons_are_named_by_opening_night() -> None:
    assert (ids.season_year("0022300061"), ids.season_label(2023), ids.season_label(1999)) == (
        2023,
        "2023-24",
        "1999-00",
    )
    assert ids.season_year("0029600061") == 1996


def test_a_platform_id_names_date_away_home() -> None:
    assert ids.platform_id(date(2025, 1, 15), "NYK", "PHI") == "20250115_NYK_PHI"


@pytest.mark.parametrize(
    ("name", "lookup"),
    [
        ("LeBron James", "lebronjames"),
        ("D'Angelo Russell", "dangelorussell"),
        ("Nikola Jokić", "nikolajokic"),
        ("Gary Trent Jr.", "garytrentjr"),
        ("anthony  davis", "anthonydavis"),
        ("Vít Krejčí", "vitkrejci"),
        ("Łukasz Đorđe Ørsted", "lukaszdordeorsted"),
        ("\u202eNikola\u200b Jokic\ufeff", "nikolajokic"),
        ("Herb Jones", "herbertjones"),
        ("Nicolas Claxton", "nicclaxton"),
        ("LeBron James Sr.", "lebronjames"),
        ("王", ""),
    ],
)
def test_names_are_normalised_to_one_form(name: str, lookup: str) -> None:
    assert ids.player_lookup(name) == lookup
    assert ids.player_lookup(unicodedata.normalize("NFD", name)) == lookup


@given(st.text(max_size=60))
def test_a_lookup_is_plain_and_stable(name: str) -> None:
    plain = ids.normalise(name)
    assert plain.isascii() and (not plain or plain.isalnum()) and ids.normalise(plain) == plain


def test_aliases_lead_to_names_and_never_to_further_aliases() -> None:
    assert all(ids.normalise(key) == key and ids.normalise(value) == value for key, value in ALIASES.items())
    assert not set(ALIASES) & set(ALIASES.values())


def test_reports_print_the_surname_first() -> None:
    assert ids.flip_name("Porter Jr., Michael") == "Michael Porter Jr."
    assert ids.flip_name("Nene") == "Nene"


def test_every_spelling_of_a_team_finds_it() -> None:
    assert len(teams.BY_TRICODE) == len(teams.BY_ID) == 30
    for team in teams.TEAMS:
        assert teams.by_full_name(team.full_name) is teams.by_full_name(team.full_name.upper()) is team
        assert teams.is_same_team(team.team_id, team.tricode)
    assert {teams.by_code(code) for code in teams.TRICODE_VARIANTS} <= set(teams.TEAMS)
    clippers = teams.by_full_name("Los Angeles Clippers")
    assert clippers is not None and clippers.tricode == "LAC"
    assert teams.by_full_name("Seattle SuperSonics") is None and teams.by_code("SEA") is None
