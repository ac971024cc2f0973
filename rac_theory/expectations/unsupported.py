"""The error of a question that has no exact answer here."""


class Unsupported(ValueError):
    """There is no exact route: the message is the reason. Nothing is guessed; ``simulate`` always has an answer."""
