"""Closed loop: the engine and others on the same recorded days, beside a clairvoyant.

One second at a time a controller sees what the wires would have told it, a plant made of
the simulator's cars and stations obeys, and the day is scored in kWh against an exact
optimum that knew the whole day in advance.
"""
