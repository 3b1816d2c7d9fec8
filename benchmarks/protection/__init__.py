"""Protection: whether the breaker stays closed, and what that costs.

Whole days of recorded houses with a car, a heater and a water heater that want more than
the subscription allows. The meter's breaker is simulated as its specification writes it,
second by second, and knows nothing of the engine.
"""
