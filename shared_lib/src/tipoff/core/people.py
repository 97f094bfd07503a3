"""Players on injury reports who have not played a game yet, by season of the first report, as normal forms of names.

No document states a player's NBA id before his first box score. Names in this list are correct, so they do not count as
unmatched. A name may stay in the list after the player's first game. `tipoff status` reports names to add.
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
