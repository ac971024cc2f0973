"""What ``check_sketch`` is made of: draws looked at, claims held against each other and against draws."""
