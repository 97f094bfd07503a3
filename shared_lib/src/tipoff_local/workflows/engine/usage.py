"""Whether a step is external, which costs more. https://cloud.google.com/workflows/pricing#internal_and_external_steps

A request to a domain of Google's cloud is an internal step, as every step without a request. Locally the functions have
other addresses than `*.run.app`. They are those in the workflow's environment, in the variables `URL_*`.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from tipoff_local.workflows.language.values import Value

_GOOGLE_DOMAINS = (".googleapis.com", ".run.app", ".cloudfunctions.net", ".appspot.com", ".cloud.goog")


def is_external(function: str, url: Value, env: Mapping[str, str]) -> bool:
    """Whether the call of `function`, with the argument `url` if it has one, leaves Google's cloud."""
    if not function.startswith("http.") or not isinstance(url, str):
        return False
    functions = [value for name, value in env.items() if name.startswith("URL_")]
    if any(url.startswith(address) for address in functions):
        return False
    return not (urlsplit(url).hostname or "").endswith(_GOOGLE_DOMAINS)
