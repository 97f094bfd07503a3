"""Options that several commands share."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

DATE_FORMATS = ["%Y-%m-%d"]

Folder = Annotated[Path | None, typer.Option("--folder", help="Folder of the local cloud [.tipoff/local].")]
Data = Annotated[
    Path | None, typer.Option("--data", "--folder", help="Keep the data of the local cloud in this folder.")
]
Project = Annotated[str, typer.Option("--project", help="A Google Cloud project, instead of the local cloud.")]
Env = Annotated[str, typer.Option("--env", help="Environment of the project.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document to standard output.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print what would be done, and do nothing.")]
FirstDate = Annotated[datetime, typer.Option("--from", formats=DATE_FORMATS, help="First date.")]
LastDate = Annotated[datetime, typer.Option("--to", formats=DATE_FORMATS, help="Last date, included.")]
OptionalFirstDate = Annotated[
    datetime | None, typer.Option("--from", formats=DATE_FORMATS, help="First date [10 days ago].")
]
OptionalLastDate = Annotated[
    datetime | None, typer.Option("--to", formats=DATE_FORMATS, help="Last date, included [today].")
]
