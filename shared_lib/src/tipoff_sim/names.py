"""Invented names, with spellings that often break joins: diacritics, suffixes, hyphens, and similar names."""

from dataclasses import dataclass
from random import Random

_FIRST_NAMES = """
Aaron Abel Alvin Andre Antoine Ansel Barrett Boris Brandon Bruno Caleb Calvin Cassius Cedric Chidi
Cole Corey Damian Darnell Dario Davor Deshawn Desmond Dmitri Dominic Edvin Elias Emeka Enzo Ethan
Evander Felix Gideon Goran Grant Hakim Hollis Ibrahim Ignas Isaiah Ivan Jabari Jamal Jarrett Jonas
Josip Julian Kareem Keaton Kofi Lamar Leandro Leon Luka Malik Marcus Mateo Miles Moussa Nate Nikola
Omari Oscar Otto Pascal Quentin Rasheed Reggie Rodrigo Roman Rui Samir Silas Stefan Tariq Terrence
Theo Tobias Tyrell Usman Vasilije Victor Wesley Xavier Yannick Zaire Zoran Žiga Łukasz Ömer Élie
Tōru José-María D'Marco De'Shaun
"""
_LAST_NAMES = """
Abernathy Achebe Adeyemi Alderson Almquist Amundsen Ashdown Babić Balogun Barlow Bastien Beckford
Belisle Benítez Blackwood Bojić Bramwell Brightwater Caldera Carrow Castellanos Chenault Coldwell
Corrigan Đurić Dabrowski Dalembert Danforth Delacroix Demirtaş Diallo Drummer Dubois Eastmark
Ekwueme Eriksen Fairbanks Farrow Fontaine Foxworth Gallardo Garland-Reyes Gbeho Glover Goodwater
Grünwald Hale Harcourt Hawthorn Hightower Holloway Horvat Ibekwe Ilić Ironside Jansson Jokūbaitis
Kalinin Kamara Kensington Kovač Kruger Langford Larkspur Lindqvist Lockridge Lowery Mabry Maddox
Majerle Marchetti Mbaye McAllister Mensah Milutin Montague Mørk Navarro Nesbitt Niemczyk Novák Nwosu
O'Dowd Oakley Obradović Okonkwo Osgood Pemberton Petrov Pinnock Quarles Radmanović Rainey Redfern
Rosales Rutledge Sable Sandoval Šarić-Vuk Seydou Silvera Soto Standish Stojaković Sylla Tamm Tavares
Thackeray Toussaint Ugarte Umber Valančius Vandermeer Vaughn-Lee Vesely Wainwright Westbrooke
Whitlock Winslow Yarborough Yıldız Zamora Zubiri
"""
_FIRST, _LAST = _FIRST_NAMES.split(), _LAST_NAMES.split()
_SUFFIXES = ("Jr.", "II", "III", "IV", "Sr.")


@dataclass(frozen=True, slots=True)
class PersonName:
    """A name in parts; `suffix` may be empty."""

    first: str
    last: str
    suffix: str = ""

    @property
    def full(self) -> str:
        """`First Last Suffix`, as in box scores and odds."""
        return f"{self.first} {self.last} {self.suffix}".rstrip()

    @property
    def reversed(self) -> str:
        """`Last Suffix, First`, as in injury reports."""
        return f"{self.last} {self.suffix}".rstrip() + f", {self.first}"


NAMESAKES = (PersonName("Jalen", "Wexford"), PersonName("Jaylin", "Wexford"))


def draw_names(seed: int, count: int) -> list[PersonName]:
    """`count` names that differ even without their suffixes; about one in fourteen has a suffix."""
    rng = Random(f"names/{seed}")
    combinations = rng.sample(range(len(_FIRST) * len(_LAST)), count)
    return [_name(index, rng) for index in combinations]


def _name(index: int, rng: Random) -> PersonName:
    first, last = _FIRST[index % len(_FIRST)], _LAST[index // len(_FIRST)]
    return PersonName(first, last, rng.choice(_SUFFIXES) if rng.random() < 1 / 14 else "")
