"""The tariff of the demo's Home: its periods from the Linky, its prices made up.

The prices are examples in the proportions of a French contract, and nobody's: a user
types in his own.
"""

from .demo_loads import home_entry_id
from .hass_api import HassApi, HassError, Json

EXAMPLE_PRICES = {"off_peak": 0.20, "peak": 0.27}
EXAMPLE_FEED_IN = 0.04
# Where no Linky tells.
_NIGHT = {"period": "off_peak", "begins": "22:00:00", "ends": "06:00:00"}
_CONTRACT = "peak_off_peak"


async def add_tariff(hass: HassApi, *, meter: bool) -> Json:
    """Tell the Home its tariff; with a ``meter`` that tells it, else by fixed hours."""

    def source(flow: Json) -> Json:
        (field,) = (one for one in flow["data_schema"] if one["name"] == "told_by")
        told = [option["value"] for option in field["selector"]["select"]["options"]]
        linky = next((one for one in told if one.startswith("linky:")), None)
        if meter and linky is None:
            raise HassError("there is no meter that tells the tariff")
        return {"told_by": linky if meter else "calendar", "contract": _CONTRACT}

    answers = {
        "user": source,
        "hours": {} if meter else {"windows": [_NIGHT]},
        "prices": {
            "feed_in": EXAMPLE_FEED_IN,
            "dear_allowed": False,
            **{
                period: {"price": price, "price_class": "usual"}
                for period, price in EXAMPLE_PRICES.items()
            },
            "more": {},
        },
    }
    result = await hass.add_subentry(await home_entry_id(hass), "tariff", answers)
    if result["type"] != "create_entry":
        raise HassError(f"telling the tariff ended with {result}")
    return result
