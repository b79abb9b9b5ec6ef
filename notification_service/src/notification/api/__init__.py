"""The HTTP edge: what is there for whom, and how it is answered."""

from fastapi import APIRouter

from notification.api import addresses, notifications, notify

TAGS = {
    "notifications": "The mails to people about what concerns them, and what became of each.",
    "notify": "Mails that other applications ask for.",
    "addresses": "Addresses whose mails came back, so that they get none.",
}

router = APIRouter()
for module in (notifications, notify, addresses):
    router.include_router(module.router)
