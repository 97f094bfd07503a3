"""BigQuery clients for queries and jobs."""

from typing import TYPE_CHECKING

from tipoff.cloud.clients import Endpoints, emulator_credentials

if TYPE_CHECKING:
    from google.cloud import bigquery


def bigquery_client(at: Endpoints) -> "bigquery.Client":
    """A BigQuery client for queries and jobs, which run where the datasets are.

    https://cloud.google.com/bigquery/docs/locations#specify_locations
    """
    from google.cloud import bigquery

    if at.bigquery_emulator_host is None:
        return bigquery.Client(project=at.project_id, location=at.region)
    options = {"api_endpoint": at.bigquery_emulator_host}
    return bigquery.Client(
        project=at.project_id, location=at.region, credentials=emulator_credentials(at), client_options=options
    )
