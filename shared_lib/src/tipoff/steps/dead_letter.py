"""Dead letters: record what no function could take, and tell a person once."""

from tipoff.core.errors import Permanent
from tipoff.runtime.events import Delivery
from tipoff.runtime.settings import DeadLetterSettings
from tipoff.steps.wiring import Wiring

SOURCE_SUBSCRIPTION = "CloudPubSubDeadLetterSourceSubscription"
DELIVERY_COUNT = "CloudPubSubDeadLetterSourceDeliveryCount"


def dead_letter(context: Wiring[DeadLetterSettings], delivery: Delivery) -> None:
    """Record one dead letter with the subscription that gave it up and after how many attempts."""
    subscription = delivery.attributes.get(SOURCE_SUBSCRIPTION, "unknown")
    attempts = delivery.attributes.get(DELIVERY_COUNT, "?")
    message = f"{subscription} gave up after {attempts} attempts"
    context.ops.message(delivery, Permanent("dead_letter", message, {"subscription": subscription}))
