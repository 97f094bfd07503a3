"""Requests to NBA.com's CDN, which serves the schedule and the live data of the games."""

from datetime import date

from tipoff.core.collect.model import Game, Host, Judge, Pairs, SourceRequest
from tipoff.core.contracts.routes import Template

HOST = Host("cdn.nba.com", 0.25, forbids_absent=True)
LIVE_DATA = "/static/json/liveData"
NBA_SITE: Pairs = (("Origin", "https://www.nba.com"), ("Referer", "https://www.nba.com/"))
JSON = ("Accept", "application/json")


def cdn_request(source: str, path: str, identity: str, day: date, template: Template, judge: Judge) -> SourceRequest:
    """A request for one file of a date."""
    return SourceRequest(source, HOST, path, identity, day, judge, template, {"date": day}, headers=(JSON, *NBA_SITE))


def game_request(source: str, file: str, game: Game, template: Template, judge: Judge) -> SourceRequest:
    """A request for the live data of one game. `file` is the folder and the prefix of the file name."""
    return SourceRequest(
        source=source,
        host=HOST,
        path=f"{LIVE_DATA}/{file}_{game.nba_game_id}.json",
        identity=f"{source}/{game.nba_game_id}",
        day=game.game_date,
        judge=judge,
        template=template,
        name_fields={"date": game.game_date, "nba_game_id": game.nba_game_id},
        headers=(JSON, *NBA_SITE),
        game=game,
    )
