"""What ``check_problem`` is made of: each claim of a problem searched for a counterexample."""
