"""Schedules and needs as a user sets them up, moves them and sees them."""
