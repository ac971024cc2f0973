"""Long names as HTML that a line may break."""

import re

from markupsafe import Markup


def breakable(name: str) -> Markup:
    """Return a name as HTML that a line may break after an underscore, a dot or a colon."""
    return Markup(re.sub(r"([_.:])(?=\w)", r"\1<wbr>", str(Markup.escape(name))))
