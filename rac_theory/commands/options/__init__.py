"""What each command takes, a file each, with an example of what it prints. Nothing here imports what is run: help and
completion take no longer than Python takes to start.
"""
