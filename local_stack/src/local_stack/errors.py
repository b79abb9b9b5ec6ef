"""What can go wrong with the stack, said so that a person can act on it."""


class StackError(Exception):
    """The stack cannot do what was asked; the message says why and what to do about it."""
