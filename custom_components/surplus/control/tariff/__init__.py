"""Tariffs: what electricity costs now and ahead, from calendars and from sources.

``windows`` are fixed hours, ``tempo`` the laws of Tempo and EJP, ``learned`` what was
seen of a source, ``published`` reads what users have in entities, ``prices`` is what
periods mean for loads, and ``tariff`` puts it all together.
"""
