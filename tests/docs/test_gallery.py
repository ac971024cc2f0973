"""Pictures of the gallery: a figure whole, or its first panel, in one shape; and what stands below them."""

import io
import re

import pytest
from PIL import Image

from tests.extensions import EXTENSIONS, extension

pytest.importorskip("myst_nb", reason="the pages are built with the extra docs")

gallery = extension("gallery")


def png(*panels, width=420, height=300):
    """A figure of panels, each of one colour, beside each other."""
    image = Image.new("RGB", (width * len(panels), height))
    for i, colour in enumerate(panels):
        image.paste(colour, (i * width, 0, (i + 1) * width, height))
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def test_a_picture_has_the_shape_of_all_and_the_background_of_its_figure():
    card = gallery.thumbnail(png("red"))
    assert card.size == (480, 320)
    assert {card.getpixel(place) for place in ((0, 0), (240, 160), (479, 319))} == {(255, 0, 0)}


def test_of_panels_beside_each_other_the_first_is_shown():
    """The whole of a wide figure would be letters that nobody can read."""
    card = gallery.thumbnail(png("red", "blue", "blue"))
    assert card.getpixel((240, 160)) == (255, 0, 0)
    assert sum(card.getpixel((x, 160)) == (0, 0, 255) for x in range(480)) < 0.1 * 480


def test_every_notebook_has_a_heading_and_a_question_below():
    for path in sorted((EXTENSIONS.parent / "notebooks").glob("*.ipynb")):
        heading, question = gallery.opening(path)
        assert not re.match("#", heading)
        assert re.search(r"\w+ \w+.*\?$", question), question


def test_which_figures_are_taken_is_read():
    assert gallery.GalleryDirective.option_spec["figures"]("03: 2, 07: 4") == {"03": 2, "07": 4}
