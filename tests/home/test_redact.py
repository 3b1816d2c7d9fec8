"""Ids of meters and chargers are in nothing that a user gives away."""

from custom_components.surplus.home.redact import Redactor


def test_an_id_is_the_same_word_everywhere_and_keeps_its_order() -> None:
    redactor = Redactor(
        loads=["ocpp:ZZ900001", "ocpp:AA100002"], meters=["linky:012345678901"]
    )
    assert redactor.data(
        {
            "ocpp:ZZ900001": {"mode": "off"},
            "grid_meter": "linky:012345678901",
            "power": "sensor.linky_012345678901_power",
            "other": ["sensor.zz900001", ("ocpp:AA100002", 3.5, None)],
        }
    ) == {
        "load-002": {"mode": "off"},
        "grid_meter": "meter-001",
        "power": "sensor.linky_meter-001_power",
        "other": ["sensor.load-002", ["load-001", 3.5, None]],
    }


def test_an_id_that_begins_another_one_is_not_taken_for_it() -> None:
    redactor = Redactor(loads=["ocpp:a", "ocpp:ab", 'ocpp:"'])
    assert (
        redactor.line(r'{"ocpp:ab":1,"ocpp:a":2,"ocpp:\"":3}')
        == '{"load-003":1,"load-002":2,"load-001":3}'
    )


def test_loads_that_differ_only_in_case_stay_two() -> None:
    redactor = Redactor(loads=["ocpp:AB", "ocpp:ab"])
    assert redactor.line('["ocpp:AB","ocpp:ab"]') == '["load-001","load-002"]'


def test_a_measurement_is_not_taken_for_a_serial_number() -> None:
    redactor = Redactor(loads=["ocpp:123456"])
    line = '{"power_w":0.1234567,"id":"ocpp:123456"}'
    assert redactor.line(line) == '{"power_w":0.1234567,"id":"load-001"}'


def test_a_short_serial_number_is_not_looked_for_in_other_words() -> None:
    assert Redactor(loads=["ocpp:one"]).data("someone is none") == "someone is none"


def test_without_ids_everything_stays() -> None:
    assert Redactor().data({"a": "b"}) == {"a": "b"}
