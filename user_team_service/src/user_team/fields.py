"""Model fields that the apps share."""

from typing import Any

from django.db import models

from user_team.validators import validate_http_url, validate_line


class LineField(models.CharField):
    """One line of visible text."""

    default_validators = [validate_line]


class HttpUrlField(models.URLField):
    """An http or https link; `javascript:`, `data:` and `ftp:` are refused."""

    default_validators = [validate_http_url]

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"assume_scheme": "https", **kwargs})
