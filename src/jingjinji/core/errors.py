"""The few errors a user can meet; each message is one sentence that says what, where, and what to do."""


class BookError(Exception):
    """Base of every error that is the user's to mend; the command line prints it without a traceback."""


class DataError(BookError):
    """A table or a raw archive is not what the data package says it is."""


class FitMissing(BookError):
    """A page asks for a fit that has not been sampled from today's code and data."""


class FitNotPublished(FitMissing):
    """A page asks for a fit that did not converge on this machine.

    Parameters
    ----------
    fit : name of the fit.
    failed : one sentence of what failed, with or without its full stop.
    """

    def __init__(self, fit: str, failed: str = ""):
        super().__init__(fit, failed)
        self.fit, self.failed = fit, failed

    def __str__(self) -> str:
        reason = f": {self.failed.rstrip('.')}" if self.failed else ""
        return f"fit '{self.fit}' is not published, because it did not converge on this machine{reason}"


class UnknownFinding(BookError):
    """Prose names a finding that no model makes."""
