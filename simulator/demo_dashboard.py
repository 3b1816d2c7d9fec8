"""The demo's dashboard: built-in cards only, good in any theme and on any screen."""

from collections.abc import Mapping
from typing import Any

type Card = dict[str, Any]

URL_PATH = "surplus-demo"

# Ten minutes: as many hours of the sun's day at sixty times its speed.
HOURS_SHOWN = 1 / 6

# Whoever measures, and what: the meter in use first.
_MEASURES = (
    "meter",
    "linky_power",
    "inverter_meter",
    "inverter_power",
    "inverter_status",
    "battery_power",
    "battery_soc",
)

# What the time until a breaker opens shows at most.
BREAKER_FAR_S = 600
# How near the limits are, what electricity costs, and what it has come to.
_COUNTS = (
    *("breaker", "overload", "shed"),
    *("price", "next_tariff"),
    *("session_energy", "session_solar_share", "session_cost"),
    *("self_consumption", "cost"),
)

# The device's name would only repeat itself on every card.
_ENTITY_NAME = {"type": "entity"}

_TEXTS = {
    "en": {
        "title": "Virtual house",
        "now": "Now",
        "house": "House power",
        "observe": "Observe only",
        "car": "The car",
        "heater": "The water heater",
        "pump": "The pool pump",
        "follow": "They follow the sun",
        "power": "Power",
        "set": "Set-point",
        "switch": "Its switch",
        "powers": "Power",
        "currents": "Current offered and drawn",
        "why": "Why they do what they do",
        "water": "Water temperature",
        "tank": "Water",
        "meters": "Who measures",
        "meter": "In use",
        "linky_power": "Linky",
        "inverter_meter": "Inverter's meter",
        "inverter_power": "Inverter",
        "inverter_status": "It is",
        "battery_power": "Battery",
        "battery_soc": "It holds",
        "counts": "Limits, tariff, accounts",
        "breaker": "Breaker opens in",
        "overload": "Overload",
        "shed": "Shed loads",
        "price": "Price now",
        "next_tariff": "Next tariff",
        "session_energy": "Car, session",
        "session_solar_share": "From the sun",
        "session_cost": "Its cost",
        "self_consumption": "Self-consumption",
        "cost": "Grid today",
        "play": "Play with it",
        "words": (
            "Type a word in the terminal where the demo runs, and watch:\n\n"
            "| word | what happens |\n|---|---|\n"
            "| `cloud` | a cloud passes for a minute |\n"
            "| `cook on` `cook off` | somebody cooks: 6 kW more. With the car in *boost*, "
            "watch it make room |\n"
            "| `surplus` | 3.5 kW of sun to spare |\n"
            "| `import` | no sun to spare: the car falls to its minimum, then pauses |\n"
            "| `grid -2000` | any grid power before the car |\n"
            "| `hp` `hc` | peak or off-peak hours |\n"
            "| `cut` `mend` | the charger loses its network |\n"
            "| `meter off` `meter on` | the Linky falls silent |\n"
            "| `inverter slow` `inverter on` | the inverter takes a second to answer |\n"
            "| `inverter night` | no sun: the inverter sleeps |\n"
            "| `inverter gone` | the inverter leaves the network |\n"
            "| `unplug` `plug` | the car leaves or comes home |\n"
            "| `bath` | somebody takes 60 litres of hot water |\n"
            "| `appliance off` | somebody turns the pump off at its relay |\n"
            "| `auto` | back to the recorded day |\n\n"
            "Or move the pump's switch here: its mode becomes manual, and *Resume* "
            "gives it back.\n\n"
            "The sun moves sixty times as fast as it should; everything else lives in "
            "real time."
        ),
    },
    "fr": {
        "title": "Maison virtuelle",
        "now": "Maintenant",
        "house": "Maison",
        "observe": "Observation",
        "car": "La voiture",
        "heater": "Le chauffe-eau",
        "pump": "La pompe de piscine",
        "follow": "Tous suivent le soleil",
        "power": "Puissance",
        "set": "Consigne",
        "switch": "Son interrupteur",
        "powers": "Puissance",
        "currents": "Courant proposé et consommé",
        "why": "Pourquoi ils font ce qu'ils font",
        "water": "Température de l'eau",
        "tank": "Eau",
        "meters": "Qui mesure",
        "meter": "En service",
        "linky_power": "Linky",
        "inverter_meter": "Compteur de l'onduleur",
        "inverter_power": "Onduleur",
        "inverter_status": "Son état",
        "battery_power": "Batterie",
        "battery_soc": "Sa charge",
        "counts": "Limites, tarif, comptes",
        "breaker": "Coupure dans",
        "overload": "Dépassement",
        "shed": "Délestés",
        "price": "Prix",
        "next_tariff": "Prochain tarif",
        "session_energy": "Voiture, session",
        "session_solar_share": "Part solaire",
        "session_cost": "Son coût",
        "self_consumption": "Autoconsommation",
        "cost": "Réseau, ce jour",
        "play": "À vous de jouer",
        "words": (
            "Tapez un mot dans le terminal où tourne la démo, et regardez :\n\n"
            "| mot | effet |\n|---|---|\n"
            "| `cloud` | un nuage passe pendant une minute |\n"
            "| `cook on` `cook off` | on cuisine : 6 kW de plus. Avec la voiture en *boost*, "
            "regardez-la faire de la place |\n"
            "| `surplus` | 3,5 kW de soleil à prendre |\n"
            "| `import` | plus de soleil à prendre : la voiture passe au minimum, puis fait une pause |\n"
            "| `grid -2000` | une puissance réseau quelconque, avant la voiture |\n"
            "| `hp` `hc` | heures pleines ou heures creuses |\n"
            "| `cut` `mend` | la borne perd ou retrouve son réseau |\n"
            "| `meter off` `meter on` | le Linky se tait ou reparle |\n"
            "| `inverter slow` `inverter on` | l'onduleur met une seconde à répondre |\n"
            "| `inverter night` | plus de soleil : l'onduleur dort |\n"
            "| `inverter gone` | l'onduleur quitte le réseau |\n"
            "| `unplug` `plug` | la voiture part ou revient |\n"
            "| `bath` | on prend 60 litres d'eau chaude |\n"
            "| `appliance off` | quelqu'un arrête la pompe à son relais |\n"
            "| `auto` | retour à la journée enregistrée |\n\n"
            "Ou actionnez ici l'interrupteur de la pompe : son mode devient manuel, "
            "et *Reprendre* le rend.\n\n"
            "Le soleil va soixante fois plus vite que d'habitude ; tout le reste vit en "
            "temps réel."
        ),
    },
}


def dashboard(entities: Mapping[str, str], language: str) -> dict[str, Any]:
    """Return the dashboard's configuration.

    ``entities`` holds entity ids by role: of the house ``grid``, ``solar``, ``house``,
    ``surplus``, ``period``, ``observer``; of the car ``mode``, ``reason``, ``next_event``,
    ``offered``, ``current``, ``power``, ``status``; of the other loads ``heater_`` and
    ``pump_`` with ``mode``, ``reason``, ``next_event``, ``resume``, ``power``, then
    ``heater_set``, ``water``, ``pump_switch``; of who measures ``meter``,
    ``linky_power``, ``inverter_`` with ``meter``, ``power``, ``status``, and ``battery_``
    with ``power``, ``soc``; of limits, tariff and accounts those of ``demo_setup``. A role
    without entity is left out.
    """
    texts = _TEXTS["fr" if language == "fr" else "en"]

    def shown(*roles: str, names: Mapping[str, str] | None = None) -> list[Card]:
        return [
            {"entity": entities[role], "name": (names or {}).get(role, _ENTITY_NAME)}
            for role in roles
            if role in entities
        ]

    def tiles(*roles: str, **options: Any) -> list[Card]:
        names = {"power": texts["power"], "heater_power": texts["power"]}
        names |= {"pump_power": texts["power"], "water": texts["tank"]}
        names |= {"heater_set": texts["set"], "pump_switch": texts["switch"]}
        # Their own names are too long for half of a telephone.
        names |= {"house": texts["house"], "observer": texts["observe"]}
        names |= {role: texts[role] for role in (*_MEASURES, *_COUNTS)}
        return [
            {"type": "tile", **card, **options} for card in shown(*roles, names=names)
        ]

    def graph(title: str, *roles: str) -> list[Card]:
        names = {"power": texts["car"], "water": texts["water"]}
        for load in ("heater", "pump"):
            names |= {f"{load}_{key}": texts[load] for key in ("power", "reason")}
        names["reason"] = texts["car"]
        names |= {role: texts[role] for role in ("linky_power", "inverter_meter")}
        card = {
            "type": "history-graph",
            "title": title,
            "hours_to_show": HOURS_SHOWN,
            "entities": shown(*roles, names=names),
            "grid_options": {"columns": "full"},
        }
        return [card] if card["entities"] else []

    wide = {"grid_options": {"columns": "full"}}

    def load(name: str, icon: str, prefix: str) -> list[Card]:
        """Return what every load shows: why, what it may take, and what comes next."""
        found = [
            *tiles(f"{prefix}reason", **wide),
            *tiles(f"{prefix}mode", features=[{"type": "select-options"}], **wide),
            *tiles(
                f"{prefix}next_event",
                state_content=["event", "state"],
                visibility=[_is_not(entities, f"{prefix}next_event", "unknown")],
                **wide,
            ),
            *tiles(
                f"{prefix}resume",
                hide_state=True,
                tap_action=_press(entities, f"{prefix}resume"),
                visibility=[_is_not(entities, f"{prefix}resume", "unavailable")],
                **wide,
            ),
        ]
        return [_heading(texts[name], icon), *found] if found else []

    now = [
        _heading(texts["now"], "mdi:home-lightning-bolt"),
        *tiles("solar", "house", "grid", "surplus", "period", "observer"),
        *load("car", "mdi:car-electric", ""),
        *tiles("offered", "current", "power", "status"),
    ]
    others = [
        *load("pump", "mdi:pool", "pump_"),
        *tiles("pump_power"),
        *tiles("pump_switch"),
        *load("heater", "mdi:water-boiler", "heater_"),
        *tiles("heater_power", "water"),
        *tiles("heater_set", features=[{"type": "numeric-input"}], **wide),
    ]
    follow = [
        _heading(texts["follow"], "mdi:chart-line"),
        *graph(texts["powers"], "solar", "grid", "power", "heater_power", "pump_power"),
        *graph(texts["why"], "reason", "pump_reason", "heater_reason"),
        *graph(texts["currents"], "offered", "current"),
        *graph(texts["water"], "water"),
    ]
    measures = [
        *tiles("meter", **wide),
        *tiles(*_MEASURES[1:]),
        *graph(texts["meters"], "linky_power", "inverter_meter"),
    ]
    if measures:
        measures.insert(0, _heading(texts["meters"], "mdi:meter-electric"))
    shown_while = {
        "breaker": [_is_below(entities, "breaker", BREAKER_FAR_S)],
        "next_tariff": [_is_not(entities, "next_tariff", "unknown")],
    }
    counts = [
        card
        for role in _COUNTS
        for card in tiles(role, visibility=shown_while.get(role, []))
    ]
    if counts:
        counts.insert(0, _heading(texts["counts"], "mdi:scale-balance"))
    play = [
        _heading(texts["play"], "mdi:console"),
        {"type": "markdown", "content": texts["words"], "text_only": True},
    ]
    sections: list[dict[str, Any]] = [
        {"type": "grid", "cards": now},
        {"type": "grid", "cards": others},
        {"type": "grid", "cards": follow},
        {"type": "grid", "cards": counts},
        {"type": "grid", "cards": measures},
        {"type": "grid", "cards": play},
    ]
    return {
        "views": [
            {
                "title": texts["title"],
                "path": "now",
                "type": "sections",
                "max_columns": 4,
                "sections": [section for section in sections if section["cards"]],
            }
        ]
    }


def title(language: str) -> str:
    """Return the dashboard's name."""
    return _TEXTS["fr" if language == "fr" else "en"]["title"]


def _heading(text: str, icon: str) -> Card:
    return {"type": "heading", "heading": text, "icon": icon}


def _is_not(entities: Mapping[str, str], role: str, state: str) -> dict[str, Any]:
    return {"condition": "state", "entity": entities.get(role), "state_not": state}


def _is_below(entities: Mapping[str, str], role: str, limit: float) -> dict[str, Any]:
    return {
        "condition": "numeric_state",
        "entity": entities.get(role),
        "below": limit,
    }


def _press(entities: Mapping[str, str], role: str) -> dict[str, Any]:
    return {
        "action": "perform-action",
        "perform_action": "button.press",
        "target": {"entity_id": entities.get(role)},
    }
