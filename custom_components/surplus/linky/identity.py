"""What a serial number says about its meter (Enedis-NOI-CPT_54E v3, §6.2.3.1).

Twelve digits: manufacturer, year, type, and six of the meter itself.
"""

from typing import Final

_MANUFACTURERS: Final = {
    "02": "Sagemcom",
    "03": "Itron",
    "04": "Landis+Gyr",
    "06": "Itron",
    "11": "Honeywell Elster",
    "34": "Honeywell Elster",
    "39": "ZIV",
}
_MODELS: Final = {
    "61": "Linky 60 A",
    "62": "Linky 90 A",
    "63": "Linky 3 × 60 A",
    "64": "Linky 60 A",
    "65": "Linky",
    "67": "Linky",
    "68": "Linky",
    "70": "Linky",
    "71": "Linky",
    "75": "Linky 90 A",
    "76": "Linky 3 × 60 A",
}


def manufacturer_of(identity: str) -> str | None:
    """Return who made the meter, where the code is known."""
    return _MANUFACTURERS.get(identity[:2])


def model_of(identity: str) -> str | None:
    """Return which meter it is; None for one that is older than Linky."""
    return _MODELS.get(identity[4:6])
