"""The second kernel: a proof as a file for Coq, and what Coq says of it."""
