"""The brain. Pure Python: no Home Assistant, no I/O, no clock of its own."""
