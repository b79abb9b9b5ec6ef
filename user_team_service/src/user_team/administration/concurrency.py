"""Two people edit the same thing: the second hears of it, instead of undoing the first one's work unseen."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from user_team.administration.history import author_of, is_tracked

FIELD = "seen_version"


class _VersionField(forms.IntegerField):
    """The number of the last change that the page shows. It is no content, so it never counts as changed."""

    widget = forms.HiddenInput

    def has_changed(self, initial: Any, data: Any) -> bool:
        return False


class VersionedForm(forms.ModelForm):
    """Refuses to save over a change that its page did not show.

    The version of a row is the id of its last event. A client that sends none (a script) is not held up.
    """

    seen_version = _VersionField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and is_tracked(type(self.instance)):
            last = _last_change(self.instance)
            self.initial[FIELD] = last.pk if last else None

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        seen = self.cleaned_data.get(FIELD)
        if self.instance.pk and seen is not None:
            self.refuse_if_changed_since(seen)
        return cleaned

    def refuse_if_changed_since(self, seen: int) -> None:
        """Lock the row, so that nobody changes it between this look and our save, then compare."""
        model = type(self.instance)
        model._default_manager.select_for_update(no_key=True).filter(pk=self.instance.pk).order_by().first()
        last = _last_change(self.instance)
        if last is not None and last.pk != seen:
            raise ValidationError(
                _(
                    "%(who)s changed this at %(when)s, while you were editing. "
                    "Nothing was saved. Open the page again."
                )
                % {
                    "who": author_of(last),
                    "when": date_format(timezone.localtime(last.pgh_created_at), "H:i:s"),
                },
                code="concurrent",
            )


class ConcurrencyMixin(admin.ModelAdmin):
    """Adds the hidden version to the forms of tracked models."""

    form = VersionedForm

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        fieldsets: list[tuple[Any, dict[str, Any]]] = [
            (name, {**options, "fields": [field for field in options["fields"] if field != FIELD]})
            for name, options in super().get_fieldsets(request, obj)
        ]
        if obj is not None and is_tracked(self.model) and self.has_change_permission(request, obj):
            fieldsets[0][1]["fields"].append(FIELD)
        return fieldsets


def _last_change(instance: Any) -> Any:
    return instance.events.select_related("pgh_context").order_by("-pgh_id").first()
