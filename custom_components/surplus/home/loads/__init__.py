"""Loads made of entities that other integrations brought: subentries of the Home."""
