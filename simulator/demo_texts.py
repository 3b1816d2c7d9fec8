"""What ``scripts/demo`` says in the terminal, in both languages."""

from typing import Final

TEXTS: Final = {
    "en": {
        "busy": "Port {port} ({what}) is taken. Stop what uses it, or choose another "
        "with {option}.",
        "running": "A demo is already running from this folder.",
        "house": "The virtual house is up. Starting Home Assistant (the first time "
        "takes a minute) ...",
        "setup": "Setting up Surplus as a user would ...",
        "ended": "Home Assistant ended by itself. The last it said:",
        "alone": "The virtual charger was not let in ({error}). The log ends with:",
        "stopping": "Stopping ...",
        "linky": "",
        "solaredge": """

         The meter at the grid and the production are those of a SolarEdge inverter,
         over Modbus. Say `inverter slow` or `inverter gone`, and watch what happens.""",
        "both": """

         Two meters look at the grid, a Linky and a SolarEdge inverter over Modbus.
         Say `meter off`: within a minute the inverter's meter takes over. Say `meter
         on`, and the Linky has it back. `inverter night` makes it night.""",
        "ready": """
  Open   {url}
  Login  {user} / {password}

  Watch  the dashboard "Virtual house": the sun moves sixty times as fast as it
         should. The car and a water heater follow it within half a minute, a
         pool pump after a minute. Every decision says why. It is {time} in
         the house. The prices of its tariff are examples.{meters}

  Type   a word here (or: {control} <word>):
{words}

  Stop   Ctrl-C
""",
    },
    "fr": {
        "busy": "Le port {port} ({what}) est pris. Arrêtez ce qui l'utilise, ou "
        "choisissez-en un autre avec {option}.",
        "running": "Une démo tourne déjà dans ce dossier.",
        "house": "La maison virtuelle est prête. Démarrage de Home Assistant (une "
        "minute la première fois) ...",
        "setup": "Installation de Surplus comme le ferait un utilisateur ...",
        "ended": "Home Assistant s'est arrêté de lui-même. Ses derniers mots :",
        "alone": "La borne virtuelle n'a pas été admise ({error}). Fin du journal :",
        "stopping": "Arrêt ...",
        "linky": "",
        "solaredge": """

               Le compteur réseau et la production sont ceux d'un onduleur SolarEdge, par
               Modbus. Dites `inverter slow` ou `inverter gone` pour voir l'effet.""",
        "both": """

               Deux compteurs voient le réseau : un Linky, et un onduleur SolarEdge par
               Modbus. Dites `meter off` : en une minute celui de l'onduleur prend le
               relais. `meter on` le rend au Linky. `inverter night` fait tomber la nuit.""",
        "ready": """
  Ouvrez       {url}
  Identifiant  {user} / {password}

  Regardez     le tableau de bord « Maison virtuelle » : le soleil va soixante fois
               trop vite. La voiture et un chauffe-eau le suivent en une demi-minute, une
               pompe de piscine au bout d'une minute. Chaque décision dit pourquoi. Il est
               {time} dans la maison. Les prix de son tarif sont des exemples.{meters}

  Tapez        un mot ici (ou : {control} <mot>) :
{words}

  Arrêt        Ctrl-C
""",
    },
}

HELP_FR: Final = """\
surplus        plein de soleil : 3500 W de trop avant la voiture
import         pas de soleil en trop : la maison tire 2000 W avant la voiture
balanced       la maison prend exactement ce que donne le soleil, avant la voiture
grid <W>       une puissance réseau quelconque avant la voiture (- : injection)
cloud          un nuage passe, pendant une minute
cook on|off    on cuisine : 6000 W de plus, jusqu'à « off »
auto           retour au soleil et à la maison enregistrés
hp | hc        le Linky passe en heures pleines | creuses
heater <%>     règle le chauffe-eau, comme par sa propre application
appliance on|off   actionne le relais de la pompe
bath           on prend 60 litres d'eau chaude
unplug | plug  la voiture part | revient
cut | mend     la borne perd | retrouve son réseau
meter off|on   le Linky se tait | reparle (aussi : garbled, gone)
inverter <état>   slow (lent), night (nuit), gone (hors réseau) ou on
speed <n>      vitesse du soleil (60 = une heure par minute, 0 = il s'arrête)
status         ce qui se passe
help           cette liste (en anglais)"""
