"""What ``check_algorithm`` is made of: steps seen, computed again, and compared in law with those that are claimed."""
