"""Writes the operations logs: receipts, quarantine entries and alerts. Rows are appended and never changed."""

import hashlib
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from tipoff import tables
from tipoff.cloud.bigquery import Warehouse
from tipoff.cloud.pubsub import Topics
from tipoff.core.errors import ConfigInvalid, TipoffError
from tipoff.core.messages import Alert
from tipoff.core.receipts import ObjectReceipt, QuarantineEntry, StepReceipt
from tipoff.runtime.events import Delivery

VALUE_CHARS_MAX = 500
MESSAGE_CHARS_MAX = 20_000  # a message is kept whole, so that it can be sent again

# Attributes of a bucket notification.
OBJECT_NAME, OBJECT_GENERATION = "objectId", "objectGeneration"

logger = logging.getLogger(__name__)

type Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The present instant. Tests and the local run pass another clock."""
    return datetime.now(UTC)


class OpsLog:
    """Writes the logs of one function.

    Args:
        warehouse, topics: the clients that write the rows and the alerts.
        alerts_topic: the topic of alerts; None for a function that raises none.
        function: the key of the function that writes.
        release: the release that each row names.
        clock: the present instant.
    """

    def __init__(
        self,
        warehouse: Warehouse,
        topics: Topics,
        alerts_topic: str | None,
        function: str,
        release: str,
        clock: Clock = utc_now,
    ) -> None:
        self._warehouse = warehouse
        self._topics = topics
        self._alerts_topic = alerts_topic
        self._function = function
        self._release = release
        self._clock = clock

    def objects(self, receipts: Sequence[ObjectReceipt]) -> None:
        """Append the receipts of objects."""
        self._warehouse.append(tables.get("object_receipts_log"), receipts)

    def quarantine(self, entries: Sequence[QuarantineEntry]) -> None:
        """Append quarantine entries."""
        self._warehouse.append(tables.get("quarantine_log"), entries)

    def steps(self, receipts: Sequence[StepReceipt]) -> None:
        """Append the receipts of step runs in one append."""
        self._warehouse.append(tables.get("run_history_log"), receipts)

    def message(self, delivery: Delivery, error: TipoffError) -> None:
        """Quarantine a message that no retry can process, and alert a person.

        A message that tells of an object has the object's name.
        """
        now = self._clock()
        identity = _message_identity(delivery)
        subscription = str(error.facts.get("subscription", delivery.subscription))
        entry = QuarantineEntry(
            quarantined_date=now.date(),
            source=self._function,
            level="message",
            source_object=identity,
            source_generation=int(delivery.attributes.get(OBJECT_GENERATION, 0)),
            row_index=None,
            code=error.code,
            field=None,
            value=delivery.data[:MESSAGE_CHARS_MAX].decode("utf-8", "replace"),
            rule=subscription or None,
            message=error.message,
            copy_object=None,
            quarantined_at=now,
            release=self._release,
        )
        self.quarantine([entry])
        command = f"tipoff quarantine replay --object {identity} --level message"
        self.alert("message_refused", identity, f"{error.message}; after a repair: `{command}`")

    def alert(self, kind: str, subject: str, message: str) -> None:
        """Alert a person, once for each (kind, subject). The alert policies of Cloud Monitoring count the log line.

        Raises:
            ConfigInvalid: mesh.yaml does not let the function publish alerts.
        """
        logger.warning(message, extra={"facts": {"event": kind, "subject": subject}})
        if self._alerts_topic is None:
            raise ConfigInvalid("topic_not_granted", f"{self._function} may not publish alerts: {kind}: {subject}")
        self._topics.publish(self._alerts_topic, Alert(kind, subject, message), f"{kind}:{subject}")


def _message_identity(delivery: Delivery) -> str:
    """The object's name, or the publisher's dedupe key, or a digest of the bytes.

    The message id differs each time a message is published.
    """
    key = delivery.attributes.get(OBJECT_NAME) or delivery.attributes.get("dedupe_key")
    return key or hashlib.sha256(delivery.data).hexdigest()
