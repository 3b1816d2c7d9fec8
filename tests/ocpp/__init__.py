"""Tests of ocpp."""
