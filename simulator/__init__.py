"""A virtual house that speaks the real protocols."""
