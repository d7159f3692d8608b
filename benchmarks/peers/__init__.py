"""What `benchmarks/matching.py` compares the rule index with, and the texts and rules it does so on."""
