"""What users may get wrong, at random: command lines, and files that were damaged or edited."""
