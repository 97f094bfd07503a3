"""Parses gcloud commands with gcloud's own parser, without running them.

Run by the Python of gcloud, with the folder of the SDK as argument. Standard input has a JSON list of commands, each a
list of words after `gcloud`. Standard output is a JSON list: what gcloud says about each command, or null.
"""

import contextlib
import io
import json
import sys
from pathlib import Path


def main() -> None:
    """Read commands, write complaints."""
    library = Path(sys.argv[1]) / "lib"
    sys.path[:0] = [str(library), str(library / "third_party")]
    from googlecloudsdk import gcloud_main  # type: ignore[import-not-found]
    from googlecloudsdk.core import exceptions  # type: ignore[import-not-found]

    parser = gcloud_main.CreateCLI([])._TopElement()._parser
    json.dump([complaint(parser, words, exceptions.Error) for words in json.load(sys.stdin)], sys.stdout)


def complaint(parser: object, words: list[str], refusal: type[Exception]) -> str | None:
    """What the parser says: unknown commands and flags, missing arguments, resources without a location."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
            parsed = parser.parse_args(words)  # type: ignore[attr-defined]
    except SystemExit:
        return said.getvalue() or "refused"
    except refusal as error:
        return str(error)
    for concept in parsed.CONCEPTS._all_concepts if parsed.CONCEPTS else ():
        # Without a location, some commands use us-central1 and say so in a warning.
        flags = {*concept["concept_info"].attribute_to_args_map.values()} & {"--location", "--region"}
        missing = [flag for flag in flags if getattr(parsed, flag[2:], None) is None]
        if concept["required"] and missing:
            return f"no {missing[0]}"
    return None


if __name__ == "__main__":
    main()
