"""Confirmation pages that stay readable when thousands of rows are to be deleted."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import ngettext

SHOWN = 50


class ShortDeletionListMixin(admin.ModelAdmin):
    """Every level of the list of what a deletion takes along shows its first rows and counts the rest."""

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[list, dict, set, list]:
        to_delete, counts, lacking, protected = super().get_deleted_objects(objs, request)
        return shortened(to_delete), counts, lacking, shortened(protected)


def shortened(items: list[Any]) -> list[Any]:
    """At most `SHOWN` items of each (nested) list, then one line that counts the rest.

    Lists are as Django's `unordered_list` filter takes them: an item's children are the list after it.
    """
    shown: list[Any] = []
    hidden = rows = 0
    for item in items:
        if not isinstance(item, list):
            rows += 1
            hidden += rows > SHOWN
        if rows <= SHOWN:
            shown.append(shortened(item) if isinstance(item, list) else item)
    if hidden:
        shown.append(ngettext("… and %(count)d more", "… and %(count)d more", hidden) % {"count": hidden})
    return shown
