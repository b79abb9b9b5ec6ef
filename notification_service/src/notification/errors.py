"""What can be wrong with one mail for good. Such a mail fails visibly and stops nothing else."""


class UndeliverableError(Exception):
    """No attempt can succeed: the reason is shown in the API and holds no address."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
