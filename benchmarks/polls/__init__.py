"""What `benchmarks/polling.py` polls with, what it polls, and how it weighs it. Each program here is one process."""
