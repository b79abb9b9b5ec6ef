"""The HTTP edge: what is there for whom, and how it is answered."""

from fastapi import APIRouter

from notification.api import addresses, notifications, notify, preferences, preview, unsubscribe

TAGS = {
    "notifications": "The mails to people about what concerns them, and what became of each.",
    "notify": "Mails that other applications ask for.",
    "preferences": "Which mails people get, and when, in which language and by which clock.",
    "unsubscribe": "The links of mails, by which people say that they want no more of these.",
    "addresses": "Addresses whose mails came back, so that they get none.",
}

router = APIRouter()
for module in (notifications, preview, notify, preferences, unsubscribe, addresses):
    router.include_router(module.router)
