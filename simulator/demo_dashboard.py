"""The demo's dashboard: built-in cards only, good in any theme and on any screen."""

from collections.abc import Mapping
from typing import Any

type Card = dict[str, Any]

URL_PATH = "surplus-demo"

# Ten minutes: as many hours of the sun's day at sixty times its speed.
HOURS_SHOWN = 1 / 6

# The device's name would only repeat itself on every card.
_ENTITY_NAME = {"type": "entity"}

_TEXTS = {
    "en": {
        "title": "Virtual house",
        "now": "Now",
        "car": "The car",
        "follow": "The car follows the sun",
        "powers": "Power",
        "currents": "Current offered and drawn",
        "why": "Why it does what it does",
        "play": "Play with it",
        "words": (
            "Type a word in the terminal where the demo runs, and watch:\n\n"
            "| word | what happens |\n|---|---|\n"
            "| `cloud` | a cloud passes for a minute |\n"
            "| `surplus` | 3.5 kW of sun to spare |\n"
            "| `import` | no sun to spare: the car pauses |\n"
            "| `grid -2000` | any grid power before the car |\n"
            "| `hp` `hc` | peak or off-peak hours |\n"
            "| `cut` `mend` | the charger loses its network |\n"
            "| `meter off` `meter on` | the Linky falls silent |\n"
            "| `unplug` `plug` | the car leaves or comes home |\n"
            "| `auto` | back to the recorded day |\n\n"
            "The sun moves sixty times as fast as it should; the car, the charger and "
            "the Linky live in real time."
        ),
    },
    "fr": {
        "title": "Maison virtuelle",
        "now": "Maintenant",
        "car": "La voiture",
        "follow": "La voiture suit le soleil",
        "powers": "Puissance",
        "currents": "Courant proposé et consommé",
        "why": "Pourquoi elle fait ce qu'elle fait",
        "play": "À vous de jouer",
        "words": (
            "Tapez un mot dans le terminal où tourne la démo, et regardez :\n\n"
            "| mot | effet |\n|---|---|\n"
            "| `cloud` | un nuage passe pendant une minute |\n"
            "| `surplus` | 3,5 kW de soleil à prendre |\n"
            "| `import` | plus de soleil à prendre : la voiture fait une pause |\n"
            "| `grid -2000` | une puissance réseau quelconque, avant la voiture |\n"
            "| `hp` `hc` | heures pleines ou heures creuses |\n"
            "| `cut` `mend` | la borne perd ou retrouve son réseau |\n"
            "| `meter off` `meter on` | le Linky se tait ou reparle |\n"
            "| `unplug` `plug` | la voiture part ou revient |\n"
            "| `auto` | retour à la journée enregistrée |\n\n"
            "Le soleil va soixante fois plus vite que d'habitude ; la voiture, la borne "
            "et le Linky vivent en temps réel."
        ),
    },
}


def dashboard(entities: Mapping[str, str], language: str) -> dict[str, Any]:
    """Return the dashboard's configuration.

    ``entities`` holds entity ids by role (``grid``, ``solar``, ``house``, ``surplus``,
    ``period``, ``observer``, ``mode``, ``reason``, ``offered``, ``current``, ``power``,
    ``status``); a role without entity is left out.
    """
    texts = _TEXTS["fr" if language == "fr" else "en"]

    def shown(*roles: str) -> list[Card]:
        names = {"power": texts["car"]}
        return [
            {"entity": entities[role], "name": names.get(role, _ENTITY_NAME)}
            for role in roles
            if role in entities
        ]

    def tiles(*roles: str, **options: Any) -> list[Card]:
        return [{"type": "tile", **card, **options} for card in shown(*roles)]

    def graph(title: str, *roles: str) -> list[Card]:
        card = {
            "type": "history-graph",
            "title": title,
            "hours_to_show": HOURS_SHOWN,
            "entities": shown(*roles),
            "grid_options": {"columns": "full"},
        }
        return [card] if card["entities"] else []

    wide = {"grid_options": {"columns": "full"}}
    now = [
        _heading(texts["now"], "mdi:home-lightning-bolt"),
        *tiles("solar", "house", "grid", "surplus"),
        _heading(texts["car"], "mdi:car-electric"),
        *tiles("reason", **wide),
        *tiles("mode", features=[{"type": "select-options"}], **wide),
        *tiles("offered", "current", "power", "status", "period", "observer"),
    ]
    follow = [
        _heading(texts["follow"], "mdi:chart-line"),
        *graph(texts["powers"], "solar", "house", "grid", "power"),
        *graph(texts["currents"], "offered", "current"),
        *graph(texts["why"], "reason", "mode", "status"),
    ]
    play = [
        _heading(texts["play"], "mdi:console"),
        {"type": "markdown", "content": texts["words"], "text_only": True},
    ]
    return {
        "views": [
            {
                "title": texts["title"],
                "path": "now",
                "type": "sections",
                "max_columns": 4,
                "sections": [
                    {"type": "grid", "cards": now},
                    {"type": "grid", "cards": follow, "column_span": 2},
                    {"type": "grid", "cards": play},
                ],
            }
        ]
    }


def title(language: str) -> str:
    """Return the dashboard's name."""
    return _TEXTS["fr" if language == "fr" else "en"]["title"]


def _heading(text: str, icon: str) -> Card:
    return {"type": "heading", "heading": text, "icon": icon}
