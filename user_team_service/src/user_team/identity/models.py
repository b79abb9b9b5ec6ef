"""The keys that sign tokens, the applications that ask for them, and the suite's permissions."""

import uuid
from functools import cached_property

from django.contrib.auth.models import Permission
from django.db import models
from django.db.models.lookups import IsNull
from django.utils.translation import gettext_lazy as _
from jwcrypto.jwk import JWK
from oauth2_provider.models import AbstractApplication

from user_team.identity.permissions import NAMES


class SigningKey(models.Model):
    """An RSA key pair. The one that does not retire signs; all that have not retired are published.

    Attributes:
        kid: its name, the thumbprint of RFC 7638.
        public: the public half as a JWK, with `kid`, `use` and `alg` (RFC 7517).
        private: the private half, encrypted (`user_team.identity.keys`).
        retires_at: aware; from then on it is not published.
        withdrawn_at: aware; when somebody said that it had leaked.
    """

    kid = models.CharField(max_length=43, primary_key=True)
    public = models.JSONField()
    private = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)
    retires_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                IsNull(models.F("retires_at"), rhs=True),
                condition=models.Q(retires_at=None),
                name="identity_signingkey_one_signs",
            )
        ]

    def __str__(self) -> str:
        return self.kid


class SuitePermission(models.Model):  # noqa: DJ008 - there are no rows
    """No table: the content type that the suite's permissions hang on."""

    class Meta:
        managed = False
        default_permissions = ()
        permissions = tuple(NAMES.items())


class Application(AbstractApplication):
    """A client of the OpenID provider: a web page or a program that people sign in to, or a service.

    A service signs in with its own secret (client credentials) and may do what `permissions` says.
    """

    user = None  # the base class's owner: an application is the suite's, nobody's own
    oid = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    algorithm = models.CharField(max_length=5, default=AbstractApplication.RS256_ALGORITHM, editable=False)
    permissions = models.ManyToManyField(
        Permission,
        verbose_name=_("permissions"),
        blank=True,
        limit_choices_to={"content_type__app_label": "identity", "content_type__model": "suitepermission"},
        help_text=_("What it may do in the suite with a token of its own (client credentials)."),
    )

    class Meta:
        verbose_name = _("application")
        verbose_name_plural = _("applications")
        ordering = ["name"]

    @cached_property
    def jwk_key(self) -> JWK:
        """The key that signs its ID tokens: one and the same while a request is answered."""
        from user_team.identity import keys  # noqa: PLC0415 - keys needs this module

        return keys.signing_key()
