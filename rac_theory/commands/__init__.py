"""The commands of the command line, one file each: ``add`` says what a command takes, ``run`` does it."""
