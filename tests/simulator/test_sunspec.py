"""Words as the inverter writes them."""

import math
import struct

import pytest

from simulator.sunspec import (
    BATTERY_WORDS,
    METER_STRIDE,
    BatteryStatus,
    BatteryValues,
    Identity,
    InverterValues,
    MeterValues,
    Number,
    Status,
    battery,
    chain,
    common,
    float_low_first,
    integer_low_first,
    inverter,
    meter,
    scaled,
    text,
)

WHO = Identity(model="SE5000H", serial="7E0A51C3", version="0004.0018.0032")


def signed(word: int) -> int:
    """Return a word as int16."""
    return word - 0x10000 if word & 0x8000 else word


@pytest.mark.parametrize(
    ("value", "raw", "factor"),
    [
        (3.5, 3500, -3),
        (3276.7, 32767, -1),
        (3276.8, 3277, 0),
        (-5008.0, -5008, 0),
        (41_000.0, 4100, 1),
    ],
)
def test_a_value_takes_the_finest_factor_that_fits(
    value: float, raw: int, factor: int
) -> None:
    words, shown = scaled([value], Number.INT16, finest=-3)
    assert (signed(words[0]), signed(shown)) == (raw, factor)


def test_values_of_one_group_share_a_factor() -> None:
    words, factor = scaled([4000.0, -12.34, None], Number.INT16)
    assert [signed(word) for word in words] == [4000, -12, -32768]
    assert factor == 0


def test_a_group_without_any_value_has_no_factor_either() -> None:
    assert scaled([None, None], Number.UINT16) == ([0xFFFF, 0xFFFF], 0x8000)


def test_zero_is_written_with_factor_zero() -> None:
    assert scaled([0.0], Number.INT16) == ([0], 0)


def test_an_energy_takes_two_words_with_the_high_one_first() -> None:
    words, factor = scaled([18_785_652.0], Number.ACC32, finest=0)
    assert words == [286, 42356]
    assert factor == 0


def test_an_energy_that_outgrows_its_words_becomes_coarser() -> None:
    words, factor = scaled([5_000_000_123.0], Number.ACC32, finest=0)
    assert words[0] << 16 | words[1] == 500_000_012
    assert factor == 1


def test_a_text_is_filled_up_and_cut() -> None:
    assert text("SolarEdge", 6) == [0x536F, 0x6C61, 0x7245, 0x6467, 0x6500, 0]
    assert text("abcdef", 2) == [0x6162, 0x6364]


def test_proprietary_values_have_their_low_word_first() -> None:
    low, high = float_low_first(5002.0)
    assert struct.unpack(">f", struct.pack(">HH", high, low)) == (5002.0,)
    # As the dump of a real battery has it.
    assert float_low_first(9700.0) == [36864, 17943]
    assert float_low_first(math.nan) == [0, 0x7FC0]
    assert integer_low_first(0x1_0002_0003, 4) == [3, 2, 1, 0]


def test_the_blocks_lie_one_behind_the_other_and_end() -> None:
    grid = meter(WHO, MeterValues(), 1)
    image = chain(common(WHO, 1), inverter(InverterValues(), 1), [grid, grid])
    end = 40000
    for address, words in image.items():
        assert address == end
        end += len(words)
    assert len(grid) == METER_STRIDE
    assert image[40469] == [0xFFFF, 0]


@pytest.mark.parametrize(("phases", "did"), [(1, 101), (3, 103)])
def test_an_inverter_says_how_many_phases_it_has(phases: int, did: int) -> None:
    values = InverterValues(
        status=Status.PRODUCING,
        currents_a=(5.0,) * phases,
        voltages_v=(230.0,) * phases,
    )
    words = inverter(values, phases)
    assert words[:2] == [did, 50]
    assert words[38] == 4
    between, to_neutral = words[7:10], words[10:13]
    if phases == 1:
        assert between == to_neutral == [2300, 0xFFFF, 0xFFFF]
    else:
        assert between == [3984] * 3
        assert to_neutral == [2300] * 3
    total = words[2] * 10 ** signed(words[6])
    assert total == pytest.approx(5.0 * phases)


def test_an_inverter_that_knows_nothing_writes_what_is_not_implemented() -> None:
    words = inverter(InverterValues(), 1)
    assert words[14:16] == [0x8000, 0x8000]
    assert words[24:27] == [0, 0, 0x8000]
    assert words[38] == 0xFFFF


def test_a_meter_keeps_the_sign_of_each_phase() -> None:
    values = MeterValues(
        power_w=(-500.0, 1000.0, -2000.0, 500.0), apparent_va=(600.0, 0, 2100, 700)
    )
    words = meter(WHO, values, 1)[67:]
    assert [signed(word) for word in words[18:22]] == [-5000, 10000, -20000, 5000]
    assert signed(words[22]) == -1
    factors = [signed(word) * 10 ** signed(words[37]) for word in words[33:37]]
    assert factors == pytest.approx([-83.33, 0, -95.24, 71.43], abs=0.01)


def test_a_battery_shows_a_current_against_its_power() -> None:
    values = BatteryValues(
        rated_wh=9700.0,
        max_w=5000.0,
        status=BatteryStatus.CHARGING,
        temperature_c=23.6,
        voltage_v=820.0,
        power_w=4100.0,
        discharged_wh=70_000.0,
        charged_wh=80_000.0,
        available_wh=9600.0,
        health_percent=99.0,
        energy_percent=66.7,
    )
    words = battery(WHO, values)
    assert len(words) == BATTERY_WORDS
    assert words[114:116] == float_low_first(-5.0)
    assert words[116:118] == float_low_first(4100.0)
    assert words[118:126] == [4464, 1, 0, 0, 14464, 1, 0, 0]
    assert words[134:136] == [3, 0]
