"""What the guard does, as users see it: entities, events and repair issues."""
