"""What went wrong, in words that say what to do."""


class ConnectorError(Exception):
    """A topic or a connector is not as it should be; the message explains why."""
