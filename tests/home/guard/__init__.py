"""Tests of what users see of the guard."""
