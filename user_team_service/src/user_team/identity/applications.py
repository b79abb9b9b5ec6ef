"""Applications in the admin: superusers register them; a secret is shown once, when it is made."""

from typing import Any

from django.contrib import messages
from django.db.models import Model
from django.forms import CheckboxSelectMultiple
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from oauth2_provider.generators import generate_client_secret
from unfold.admin import ModelAdmin
from unfold.decorators import action

from user_team.identity.models import Application
from user_team.identity.permissions import suite_permissions

GRANTS = (Application.GRANT_AUTHORIZATION_CODE, Application.GRANT_CLIENT_CREDENTIALS)


class ApplicationAdmin(ModelAdmin):
    """What the library's own form offers beyond this is not served here (implicit, password, HS256, …)."""

    list_display = ("name", "client_id", "client_type", "authorization_grant_type", "skip_authorization")
    search_fields = ("name", "client_id")
    readonly_fields = ("client_id", "oid", "created", "updated")
    fieldsets = (
        (None, {"fields": ("name", "client_type", "authorization_grant_type", "client_id")}),
        (
            gettext_lazy("People sign in to it"),
            {
                "fields": (
                    "redirect_uris",
                    "post_logout_redirect_uris",
                    "allowed_origins",
                    "skip_authorization",
                )
            },
        ),
        (gettext_lazy("It signs in for itself"), {"fields": ("permissions",)}),
        (gettext_lazy("Details"), {"fields": ("oid", "created", "updated"), "classes": ("collapse",)}),
    )
    actions_detail = ("renew_secret",)
    view_on_site = False

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "authorization_grant_type":
            kwargs["choices"] = [choice for choice in db_field.choices if choice[0] in GRANTS]
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return super().formfield_for_manytomany(
            db_field, request, queryset=suite_permissions(), widget=CheckboxSelectMultiple, **kwargs
        )

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        secret = obj.client_secret
        super().save_model(request, obj, form, change)
        if not change:
            self._show(request, obj, secret)

    @action(
        description=gettext_lazy("New secret"),
        icon="key",
        permissions=["renew_secret"],
        dialog={
            "title": gettext_lazy("Make a new secret?"),
            "description": gettext_lazy("The old one ends at once."),
            "form_class": None,
            "form_submit_text": gettext_lazy("Make a new secret"),
        },
    )
    def renew_secret(self, request: HttpRequest, _form: Any, object_id: str) -> HttpResponse:
        """Replace the secret. Tokens that were got with the old one live on for their minutes."""
        application: Any = self.get_object(request, object_id)
        application.client_secret = secret = generate_client_secret()
        application.save()
        self._show(request, application, secret)
        here = reverse("admin:identity_application_change", args=[object_id])
        return HttpResponse(headers={"HX-Redirect": here})

    def has_renew_secret_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.has_change_permission(request) and self.get_object(request, object_id) is not None

    def _show(self, request: HttpRequest, application: Any, secret: str) -> None:
        """The only time that the secret is seen: the database has its hash."""
        if application.client_type == Application.CLIENT_CONFIDENTIAL:
            text = _("The client secret, shown only now:")
            messages.success(request, format_html("{} <code>{}</code>", text, secret))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.is_superuser

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.is_superuser
