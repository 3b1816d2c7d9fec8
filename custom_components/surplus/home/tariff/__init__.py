"""The tariff of the Home: where it is told, what it costs, and what is shown of it."""
