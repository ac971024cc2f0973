"""Experiments: fine-tuning at equal budgets, as notebooks try it, and Adam on factors. It uses base, numerics,
problems, sketches and algorithms. It must not know theorems: a network has no constants to speak of.
"""
