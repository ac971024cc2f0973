"""Experiments: fine-tuning at equal budgets, as notebooks try it. It uses sketches, algorithms, cases and simulation.
It must not know theorems: a network has no constants to speak of.
"""
