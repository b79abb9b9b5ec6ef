"""What applications were given in somebody's name: codes, and refresh tokens with their access tokens."""

from django.db import transaction
from oauth2_provider.models import AccessToken, Grant, RefreshToken

from user_team.users.models import User


def may_use(person: User) -> bool:
    """Whether codes and tokens of this person are good: who cannot sign in gets nothing by them either."""
    return person.is_active and person.has_usable_password()


@transaction.atomic
def end(person: User) -> None:
    """All of them. Access tokens that services check by themselves are good for their minutes."""
    Grant.objects.filter(user=person).delete()
    for token in RefreshToken.objects.filter(user=person, revoked=None):
        token.revoke()
    AccessToken.objects.filter(user=person).delete()
