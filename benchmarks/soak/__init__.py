"""Days of a Home in a real Home Assistant core, with faults and restarts.

``python -m benchmarks.soak`` runs seven. Home Assistant's core runs in this process, with
its loop, its timers, its registries and its files; only its clocks are driven, so that a
day takes a minute. What the Home counts, ends and shows is held against a plant that
knows the truth.
"""
