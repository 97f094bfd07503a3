"""The step of `dead_letter`: record a message that no attempt could process, and alert a person once."""

from tipoff.core.errors import Permanent
from tipoff.runtime.events import Delivery
from tipoff.runtime.settings import DeadLetterSettings
from tipoff.steps.wiring import Wiring

SOURCE_SUBSCRIPTION = "CloudPubSubDeadLetterSourceSubscription"
DELIVERY_COUNT = "CloudPubSubDeadLetterSourceDeliveryCount"


def dead_letter(context: Wiring[DeadLetterSettings], delivery: Delivery) -> None:
    """Record a dead letter with its subscription and the number of attempts."""
    subscription = delivery.attributes.get(SOURCE_SUBSCRIPTION, "unknown")
    attempts = delivery.attributes.get(DELIVERY_COUNT, "?")
    message = f"the subscription {subscription} could not deliver it in {attempts} attempts"
    context.ops.message(delivery, Permanent("dead_letter", message, {"subscription": subscription}))
