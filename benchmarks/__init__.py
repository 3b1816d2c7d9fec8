"""Closed loop, throughput, latency: one command each, each prints a table."""
