"""The one-line repr of a problem made from data: it says where the data came from and never shows an array."""


def short_name(problem: object, source: str, samples: tuple[int, ...], **parameters: float) -> str:
    """``SoftmaxRegression.digits(l2=0.5)`` for a named ``source``, ``SoftmaxRegression(1797x64, l2=0.5)`` without one.

    ``source`` is the call that loads the data, without the parameters: ``digits()`` or ``svmlight('mushrooms')``.
    """
    method, _, argument = source.removesuffix(")").partition("(")
    arguments = [argument] if method else ["x".join(map(str, samples))]
    arguments += [f"{name}={value:g}" for name, value in parameters.items()]
    return f"{type(problem).__name__}{'.' * bool(method)}{method}({', '.join(filter(None, arguments))})"
