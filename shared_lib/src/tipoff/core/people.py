"""People whom the league lists before their first game, as data: the normal form of their names.

An injury report names who is hurt, on a two-way contract or just drafted; until his first box score no document of
ours says his NBA id. Such a name is known, not misspelt, so it does not count as unmatched. It is under the season in
which it was first listed so; it may stay when he has played. New ones are named by `tipoff status`.
"""

_LISTED: dict[str, str] = {
    "2022-23": """
        alondeswilliams blakewesley chetholmgren collingillespie danilogallinari dariusdays dominickbarlow
        donovanwilliams ejliddell ericpaschall feronhunt iboubadji jamalcain jaredrhoden jddavison johnnyjuzang
        jonathanisaac jordanhall joshminott julianchampagnie justinlewis keatonwallace keeganmurray kendallbrown
        keonellis kostasantetokounmpo lonzoball malakibranham mfiondukabengele michaelfosterjr moussadiabate
        nikolajovic patrickbaldwinjr ronharperjr tjwarren tylerdorsey tytywashingtonjr xaviercooks
    """,
    "2023-24": """
        adamasanogo adamflagler alexfudge andrewfunk azuolastubelis charlesbediako christiankoloko
        colincastleton damionlee dariqwhitehead dexterdennis dmoihodge drewpeterson duanewashingtonjr duopreath
        edmondsumner guisantos henridrell isaiahwong jacobtoppin jalencrutcher jalenhoodschifino jalenslawson
        jalenwilson javonfreemanliberty jaylenclark jaylenmartin jaylingalloway johnbutlerjr jontayporter
        jordanwalsh joshchristopher kaijones malcolmhill markquisnowell marquesbolden milesnorris nathanknight
        noahclowney onuralpbitim oscartshiebwe rickycounciliv rickyrubio sethlundy sharifecooper sidycissoko
        sirjabaririce stevenadams taevionkinsey terquavionsmith trevorhudgins tristanvukcevic victoroladipo
        vlatkocancar
    """,
    "2024-25": """
        antonwatson armeltraore bobiklintman bojanbogdanovic boobuieiii camchristie camspencer christianwood
        codyzeller daeqwonplowden daronholmesii davidjonesgarcia devincarter djsteward elijahharkless
        emanuelmiller ethanthompson eugeneomoruyi harrisoningram isaiahcollier isaiahcrawford isaiahstevens
        jackmcveigh jahmiryoung jakobewalter jalenbridges jasonpreston jesseedwards justinedwards keionbrooksjr
        keshadjohnson kevinmccullarjr liamrobbins luketravers nfalydante nikolatopic pjhall quincyolivari
        quintenpost rayjdennis reecebeekman rileyminix saddiqbey spencerjones taranarmstrong tidjanesalaun
        tolusmith trentynflowers tristennewton tysonetienne yuricollins zyonpullin
    """,
}

LISTED_WITHOUT_GAMES: frozenset[str] = frozenset(name for names in _LISTED.values() for name in names.split())
