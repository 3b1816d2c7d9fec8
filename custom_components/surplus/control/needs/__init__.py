"""Schedules and needs: what loads shall take beside what their modes give them."""
