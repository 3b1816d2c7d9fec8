"""Breakers between the main one and loads: subentries of the Home."""
