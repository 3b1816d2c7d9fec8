"""Tests of linky."""
