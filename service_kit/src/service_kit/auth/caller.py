"""Who calls: what a checked access token says."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Caller:
    """A person or a program with a valid access token.

    `permissions` are those of contracts/permissions.yaml that the token was issued with; what they allow is
    the service's own matter.
    """

    oid: UUID
    username: str
    role: str
    permissions: frozenset[str]

    def may(self, permission: str) -> bool:
        """Whether the token carries this permission."""
        return permission in self.permissions
