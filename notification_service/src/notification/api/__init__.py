"""The HTTP edge: what is there for whom, and how it is answered."""

from fastapi import APIRouter

from notification.api import notifications

TAGS = {
    "notifications": "The mails to people about what concerns them, and what became of each.",
}

router = APIRouter()
for module in (notifications,):
    router.include_router(module.router)
