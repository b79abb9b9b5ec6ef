"""The step between gunicorn and Django: how the bytes of a request are read."""

from django.core.handlers.wsgi import WSGIHandler, WSGIRequest


class Utf8Request(WSGIRequest):
    """A request that is read as UTF-8, whatever it says.

    Django would decode the address by the request's charset while it makes the request, and fail before
    anything could answer: some of Python's codecs give no text. `middleware.utf8_only` refuses such requests.
    """

    @property
    def encoding(self) -> None:
        return None

    @encoding.setter
    def encoding(self, _charset: str) -> None:
        """Unset is UTF-8."""


class Handler(WSGIHandler):
    """The WSGI application."""

    request_class = Utf8Request
