"""What a dimmer is told, and what it lets through."""

from hypothesis import given, strategies as st
import pytest

from custom_components.surplus.control.loads.characteristic import (
    Characteristic,
    power_of_share,
    share_of_power,
)

LINEAR, PHASE = Characteristic.LINEAR, Characteristic.PHASE_ANGLE


@pytest.mark.parametrize(
    ("power_w", "share"),
    [(0, 0.0), (600, 1 / 3), (1200, 0.5), (1800, 2 / 3), (2400, 1.0)],
)
def test_a_phase_angle_dimmer_follows_the_cosine(power_w: float, share: float) -> None:
    assert share_of_power(power_w, 2400, PHASE) == pytest.approx(share)
    assert power_of_share(share, 2400, PHASE) == pytest.approx(power_w)


def test_a_linear_dimmer_is_told_its_share() -> None:
    assert share_of_power(600, 2400, LINEAR) == 0.25
    assert power_of_share(0.25, 2400, LINEAR) == 600


@pytest.mark.parametrize("characteristic", list(Characteristic))
@pytest.mark.parametrize(("power_w", "share"), [(-50, 0.0), (9000, 1.0)])
def test_a_power_out_of_range_is_the_nearest_end(
    characteristic: Characteristic, power_w: float, share: float
) -> None:
    assert share_of_power(power_w, 2400, characteristic) == share
    assert power_of_share(share * 3 - 1, 2400, characteristic) == share * 2400


@pytest.mark.parametrize("max_w", [0.0, -1.0, float("nan")])
def test_a_heater_without_power_is_refused(max_w: float) -> None:
    with pytest.raises(ValueError, match="a heater of"):
        share_of_power(100, max_w, LINEAR)


@given(
    part=st.floats(0, 1),
    max_w=st.floats(50, 20_000),
    characteristic=st.sampled_from(Characteristic),
)
def test_telling_and_taking_are_each_others_inverse(
    part: float, max_w: float, characteristic: Characteristic
) -> None:
    share = share_of_power(part * max_w, max_w, characteristic)
    assert 0 <= share <= 1
    assert power_of_share(share, max_w, characteristic) == pytest.approx(
        part * max_w, abs=1e-6 * max_w
    )


@given(one=st.floats(0, 1), other=st.floats(0, 1), kind=st.sampled_from(Characteristic))
def test_more_power_is_never_told_as_less(
    one: float, other: float, kind: Characteristic
) -> None:
    low, high = sorted((one, other))
    assert share_of_power(low * 3000, 3000, kind) <= share_of_power(
        high * 3000, 3000, kind
    )
