"""Why a demo cannot go on."""

from local_stack.errors import StackError


class DemoError(StackError):
    """The suite answered something else than a person would expect; the message says what and where."""
