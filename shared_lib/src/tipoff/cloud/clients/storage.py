"""Cloud Storage clients."""

from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from tipoff.cloud.clients import Endpoints


def storage_client(at: Endpoints) -> storage.Client:
    """A Cloud Storage client."""
    if at.storage_emulator_host is None:
        return storage.Client(project=at.project_id)
    options = {"api_endpoint": at.storage_emulator_host}
    client = storage.Client(project=at.project_id, credentials=AnonymousCredentials(), client_options=options)
    # No proxy and no .netrc stands before a server of this machine; looking for them is a tenth of a request's cost.
    client._http.trust_env = False
    return client
