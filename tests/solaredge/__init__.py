"""Tests of solaredge."""
