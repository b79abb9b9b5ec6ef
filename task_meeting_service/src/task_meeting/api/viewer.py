"""Who looks at the directory, and how much of it they see."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends


def _seen_by() -> UUID | None:
    return None


SeenBy = Annotated[UUID | None, Depends(_seen_by)]
