"""The place of an answer in Stripe's time; see ``sync/models/mirrors.py``."""

from email.utils import parsedate_to_datetime

from connector.stripe_transport import Answer


def rank_of(answer: Answer) -> int:
    """The rank of a state that the answer shows.

    Stripe read it no earlier than it got the request, so everything up to the second before that is in it. An
    answer without a Date, or one that Stripe stored for an earlier request with the same idempotency key, says
    nothing about now: rank 0 overwrites nothing. https://docs.stripe.com/api/idempotent_requests
    """
    date = answer.headers.get("Date")
    if not date or is_replayed(answer):
        return 0
    complete_through = int(parsedate_to_datetime(date).timestamp() - answer.seconds) - 1
    return 2 * complete_through + 1


def is_replayed(answer: Answer) -> bool:
    """Whether Stripe repeated what it had stored under the idempotency key."""
    return answer.headers.get("Idempotent-Replayed") == "true"
