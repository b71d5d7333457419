"""The few errors a user can meet; each message is one sentence that says what, where, and what to do."""


class BookError(Exception):
    """Base of every error that is the user's to mend; the command line prints it without a traceback."""


class DataError(BookError):
    """A table or a raw archive is not what the data package says it is."""


class FitMissing(BookError):
    """A page asks for a fit that has not been sampled from today's code and data."""


class GateFailed(BookError):
    """A fit did not pass the convergence gate and is therefore not published."""


class UnknownFinding(BookError):
    """Prose names a finding that no model makes."""
