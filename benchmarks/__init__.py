"""Ours beside its peers, measured: `python -m benchmarks NAME`."""
