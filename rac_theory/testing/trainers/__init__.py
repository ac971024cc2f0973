"""What ``check_chain``, ``check_projector`` and ``check_federated`` are made of: trainers as black boxes."""
