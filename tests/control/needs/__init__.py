"""Schedules and needs: when they ask, and what loads make of it."""
