"""The Cloud Storage server: HTTP in front, store behind, outbox beside."""

from pathlib import Path

from tipoff_local.httpd import HttpServer, listen
from tipoff_local.storage.events import Outbox, Publish
from tipoff_local.storage.rest import Api
from tipoff_local.storage.store import Store
from tipoff_local.wire import Request, Response


class StorageServer:
    """Cloud Storage's JSON API on 127.0.0.1, its data under `folder` (kept over restarts and SIGKILL).

    publish(topic_path, data, attributes) delivers notifications and may raise ApiError or OSError to be asked
    again later; without it notificationConfigs are refused.
    """

    def __init__(self, folder: Path, publish: Publish | None = None, port: int = 0) -> None:
        listener = listen(port)
        self._http = HttpServer(self._handle, listener=listener)
        self._store = Store(folder, self._http.url)
        self._outbox = Outbox(self._store.database, publish) if publish else None
        changed = self._outbox.wake if self._outbox else _nothing
        self._api = Api(self._store, changed, notifies=publish is not None)

    @property
    def url(self) -> str:
        """The value of STORAGE_EMULATOR_HOST."""
        return self._http.url

    @property
    def instance(self) -> str:
        """The token that `GET /.well-known/tipoff-local` answers."""
        return self._http.instance

    @property
    def unpublished(self) -> int:
        """Notifications that are committed and not yet published."""
        return self._outbox.waiting if self._outbox else 0

    def start(self) -> None:
        """Serves, and delivers what an earlier run left in the outbox."""
        self._http.start()
        if self._outbox:
            self._outbox.start()

    def stop(self) -> None:
        """Stops serving; what is not yet published stays in the outbox."""
        self._http.stop()
        if self._outbox:
            self._outbox.stop()
        self._store.database.close()

    def _handle(self, request: Request) -> Response:
        return self._api.handle(request)


def _nothing() -> None:
    """No outbox to wake."""
