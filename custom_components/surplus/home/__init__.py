"""The Home entry: supply, limits, the grid meter and the load controls."""
