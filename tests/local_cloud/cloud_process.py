"""Storage and Pub/Sub in a process that a test can kill: `python cloud_process.py FOLDER` prints the endpoints."""

import json
import sys
import threading
from pathlib import Path

from tipoff_local.identity import Identity
from tipoff_local.pubsub import PubsubServer
from tipoff_local.storage import StorageServer


def main(folder: Path) -> None:
    pubsub = PubsubServer(folder / "pubsub", Identity(folder / "identity"))
    storage = StorageServer(folder / "storage", pubsub.publish)
    pubsub.start()
    storage.start()
    sys.stdout.write(json.dumps({"storage": storage.url, "pubsub": pubsub.endpoint}) + "\n")
    sys.stdout.flush()
    threading.Event().wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
