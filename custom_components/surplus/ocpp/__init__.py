"""The central system: chargers call in over WebSocket and are told how much to offer."""
