"""text (docs: Module text). Regular expressions are those of RE2; what RE2 does not have is refused as invalid.

RE2 reports the leftmost match, and the longest one if there are several. Python prefers the earlier alternative. The
two differ only if one alternative is the beginning of another (`a|ab`). So alternatives that are plain words are tried
longest first. All other patterns are matched as Python does.
"""

import re
from urllib.parse import quote, quote_plus, unquote

from tipoff_local.workflows.language.evaluator import limited
from tipoff_local.workflows.language.values import Value
from tipoff_local.workflows.stdlib.registry import function

_NOT_RE2 = re.compile(r"\(\?(?:[=!]|<[=!]|P=|>|\()|\\[1-9]|[*+?}]\+")
_WORDS = re.compile(r"[\w ]+(?:\|[\w ]+)+")
_MAX_REPEAT = 1000


@function("text.decode")
def decode(data: bytes, charset: str = "UTF-8") -> Value:
    """Bytes to string."""
    return data.decode(_charset(charset))


@function("text.encode")
def encode(text: str, charset: str = "UTF-8") -> Value:
    """String to bytes."""
    return text.encode(_charset(charset))


@function("text.find_all")
def find_all(source: str, substr: str) -> Value:
    """Every occurrence as `{index, match}`."""
    return _matches(re.compile(re.escape(substr)), source)


@function("text.find_all_regex")
def find_all_regex(source: str, regexp: str) -> Value:
    """Every match as `{index, match}`."""
    return _matches(_compiled(regexp), source)


@function("text.match_regex")
def match_regex(source: str, regexp: str) -> Value:
    """Whether the expression matches anywhere."""
    return _compiled(regexp).search(source) is not None


@function("text.replace_all")
def replace_all(source: str, substr: str, repl: str) -> Value:
    """Every occurrence replaced."""
    return limited(source.replace(substr, repl))


@function("text.replace_all_regex")
def replace_all_regex(source: str, regexp: str, repl: str) -> Value:
    """Every match replaced by the literal text `repl`."""
    return limited(_compiled(regexp).sub(lambda _: repl, source))


@function("text.split")
def split(source: str, separator: str) -> Value:
    """The parts between separators; an empty separator gives the characters."""
    return list(source.split(separator)) if separator else list(source)


@function("text.substring")
def substring(source: str, start: int, end: int) -> Value:
    """Characters from `start` to before `end`."""
    if not 0 <= start <= end <= len(source):
        raise ValueError(f"range {start}..{end} does not lie in a string of {len(source)} characters")
    return source[start:end]


@function("text.to_lower")
def to_lower(source: str) -> Value:
    """Lower case."""
    return source.lower()


@function("text.to_upper")
def to_upper(source: str) -> Value:
    """Upper case."""
    return source.upper()


@function("text.url_decode")
def url_decode(source: str) -> Value:
    """Percent-decoding; `+` is a space."""
    return unquote(source.replace("+", " "), errors="strict")


@function("text.url_encode")
def url_encode(source: str) -> Value:
    """Percent-encoding of everything but unreserved characters."""
    return quote(source, safe="")


@function("text.url_encode_plus")
def url_encode_plus(source: str) -> Value:
    """Percent-encoding, spaces as `+`."""
    return quote_plus(source)


def _matches(pattern: re.Pattern[str], source: str) -> Value:
    return [{"index": match.start(), "match": match.group()} for match in pattern.finditer(source)]


def _charset(name: str) -> str:
    if name.upper() != "UTF-8":
        raise ValueError(f"unsupported charset {name!r}")
    return "utf-8"


def _compiled(regexp: str) -> re.Pattern[str]:
    if _NOT_RE2.search(regexp.replace(r"\\", "")):
        raise ValueError(f"invalid regular expression {regexp!r}: not RE2 syntax")
    if any(int(count) > _MAX_REPEAT for count in re.findall(r"\{(\d+)", regexp)):
        raise ValueError(f"invalid regular expression {regexp!r}: repeat count above {_MAX_REPEAT}")
    if _WORDS.fullmatch(regexp):
        regexp = "|".join(sorted(regexp.split("|"), key=len, reverse=True))
    try:
        return re.compile(regexp, re.ASCII)
    except re.error as error:
        raise ValueError(f"invalid regular expression {regexp!r}: {error}") from error
