"""Tests of Surplus."""
