"""What can go wrong between the central system and a charger."""


class OcppError(Exception):
    """Base of this room's errors."""


class LinkLostError(OcppError):
    """The charger is not connected, or its connection ended during the call."""


class NoAnswerError(OcppError):
    """The charger did not answer in time."""


class RefusedError(OcppError):
    """The charger answered, and the answer is no.

    ``answer`` is the status (``Rejected``) or the error code (``NotSupported``) it
    gave, as it spelt it.
    """

    def __init__(self, action: str, answer: str) -> None:
        """Keep what was asked and what came back."""
        super().__init__(f"{action}: {answer}")
        self.action = action
        self.answer = answer


class ListenError(OcppError):
    """The central system cannot listen on the address it was given."""


class PortInUseError(ListenError):
    """Another program, or another entry, listens on the port."""
