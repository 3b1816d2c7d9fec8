"""What electricity costs, now and ahead."""
