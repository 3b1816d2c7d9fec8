"""What enforces the limits, above every mode: it throttles, sheds and restores."""
