"""Chromium, as both files start it."""

import shutil
import subprocess

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
    """Return a function that opens an address with some options, and returns the page at the end and the log."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    assert browser is not None, f"one of {', '.join(BROWSERS)} must be on the path"

    def opened(address, *options):
        profile = f"--user-data-dir={tmp_path_factory.mktemp('profile')}"
        usual = ["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", profile]
        command = [browser, *usual, *options, address]
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=300)
        return done.stdout, done.stderr

    return opened
