"""Each kind of load made of entities, as Home commands it."""
