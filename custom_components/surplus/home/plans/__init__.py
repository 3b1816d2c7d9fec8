"""Schedules and needs of loads: subentries of the Home."""
