"""Dead letters: record what no function could take, and tell a person once."""

from dataclasses import dataclass

from tipoff.cloud.bigquery import Warehouse
from tipoff.cloud.pubsub import Topics
from tipoff.core.errors import Permanent
from tipoff.runtime.events import Delivery
from tipoff.runtime.settings import DeadLetterSettings
from tipoff.steps.ops import Clock, OpsLog, utc_now

FUNCTION = "dead_letter"
SOURCE_SUBSCRIPTION = "CloudPubSubDeadLetterSourceSubscription"
DELIVERY_COUNT = "CloudPubSubDeadLetterSourceDeliveryCount"


@dataclass(frozen=True)
class DeadLetterContext:
    """What dead_letter keeps open."""

    ops: OpsLog


def open_dead_letter(settings: DeadLetterSettings, clock: Clock = utc_now) -> DeadLetterContext:
    """Open the clients of `dead_letter`."""
    warehouse = Warehouse(settings, [settings.dataset_nba_ops])
    ops = OpsLog(warehouse, Topics(settings), settings.topic_alerts, FUNCTION, settings.release, clock)
    return DeadLetterContext(ops)


def dead_letter(context: DeadLetterContext, delivery: Delivery) -> None:
    """Record one dead letter with the subscription that gave it up and after how many attempts."""
    subscription = delivery.attributes.get(SOURCE_SUBSCRIPTION, "unknown")
    attempts = delivery.attributes.get(DELIVERY_COUNT, "?")
    message = f"{subscription} gave up after {attempts} attempts"
    context.ops.message(delivery, Permanent("dead_letter", message, {"subscription": subscription}))
