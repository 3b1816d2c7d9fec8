"""The whole house running: sun, household, Linky on its wire, charger on its link.

async with VirtualHouse(HouseOptions(tic_path=Path("linky"))) as house:
    ...
"""

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from .appliance import Appliance, ApplianceSpec
from .battery import BatterySpec, SelfRegulatingBattery
from .car import Car, CarSpec
from .charger import Charger, ChargerSpec
from .clock import Clock, DayClock, hours_and_minutes
from .device import Device
from .evse import Evse, EvseSpec
from .heater import Heater, HeaterSpec, Tank, TankSpec
from .house import GridMeter, House, HouseSpec
from .inverter import SolarEdge, SolarEdgeSpec
from .linky import Linky, LinkySpec
from .modbus_server import NORMAL, SLOW, Habits, ModbusServer
from .serial_line import Fault, Port, PseudoTerminal, TcpPort, TicLine
from .tariff import OPTIONS
from .tic import TicMode
from .trace import read_trace

# How often the house lives on, in real seconds.
TICK_S = 0.1
# What the car has in its battery when it comes home.
ARRIVAL_WH = 12_000.0

THREE_PHASE_SERIAL = "021963000042"


@dataclass(frozen=True, kw_only=True, slots=True)
class HouseOptions:
    """What is in the house and where its wires end.

    ``pace`` makes the devices' time run faster than real time (tests); ``speed`` is how
    much faster than the devices' time the sun and the household run through their day,
    from ``first_s`` to ``last_s`` and over again. Without ``tic_path`` and ``tic_port``
    the Linky is not connected to anything, without ``ocpp_url`` nor is the charger. A
    heater with its ``tank``, an appliance and a battery are there when they are named;
    nothing but this program commands them yet. An inverter has the battery on its DC
    side, and is on the network when it has a ``modbus_port``.
    """

    pace: float = 1.0
    wall: datetime | None = None
    solar: str = "pv_clear"
    load: str = "load_synth"
    speed: float = 1.0
    start_s: float = 9 * 3600.0
    first_s: float = 0.0
    last_s: float = 86_400.0
    phases: int = 1
    mode: TicMode = TicMode.STANDARD
    producer: bool = True
    contract: str = "hphc"
    subscribed_kva: int = 9
    tic_path: Path | None = None
    tic_port: int | None = None
    parity_in_bit_7: bool = False
    ocpp_url: str | None = None
    charger: ChargerSpec = field(default_factory=ChargerSpec)
    evse: EvseSpec | None = None
    clock_error_s: float = 0.0
    car: CarSpec = field(default_factory=CarSpec)
    plugged: bool = True
    heater: HeaterSpec | None = None
    tank: TankSpec = field(default_factory=TankSpec)
    appliance: ApplianceSpec | None = None
    battery: BatterySpec | None = None
    inverter: SolarEdgeSpec | None = None
    modbus_port: int | None = None
    modbus_habits: Habits = NORMAL


class VirtualHouse:
    """A house that lives while its context is open."""

    def __init__(self, options: HouseOptions | None = None) -> None:
        """Build it; nothing moves yet. Raises FileNotFoundError or KeyError."""
        self.options = options or HouseOptions()
        chosen = self.options
        self.clock = Clock(pace=chosen.pace, wall=chosen.wall)
        wall = self.clock.wall()
        three = chosen.phases == 3
        self.linky = Linky(
            LinkySpec(
                mode=chosen.mode,
                producer=chosen.producer,
                subscribed_kva=chosen.subscribed_kva,
                option=OPTIONS[chosen.contract],
                serial=THREE_PHASE_SERIAL if three else LinkySpec().serial,
            ),
            wall=wall,
        )
        wiring = (1, 2, 3) if three else (1,)
        self.evse = Evse(
            chosen.evse or EvseSpec(wiring=wiring),
            wall=wall,
            clock_error_s=chosen.clock_error_s,
        )
        self.heater: Heater | None = None
        if chosen.heater is not None:
            self.heater = Heater(chosen.heater, tank=Tank(chosen.tank))
        self.appliance: Appliance | None = None
        if chosen.appliance is not None:
            self.appliance = Appliance(chosen.appliance)
        self.battery: SelfRegulatingBattery | None = None
        if chosen.battery is not None:
            self.battery = SelfRegulatingBattery(chosen.battery)
        self.day = DayClock(
            speed=chosen.speed,
            start_s=chosen.start_s,
            first_s=chosen.first_s,
            last_s=chosen.last_s,
        )
        self.house = House(
            solar=read_trace(chosen.solar),
            load=read_trace(chosen.load),
            day=self.day,
            devices=[self.evse, *self._furniture()],
            meters=self._meters(),
            spec=HouseSpec(phases=chosen.phases),
        )
        self.inverter: SolarEdge | None = None
        self.modbus: ModbusServer | None = None
        if chosen.inverter is not None:
            self._install(chosen.inverter)
        # One step, so that there is something to show from the first frame on.
        self.house.advance(0.001)
        self.tic_line: TicLine | None = None
        if (port := self._port()) is not None:
            self.tic_line = TicLine(
                port, self.linky.next_frame, baud=chosen.mode.baud, clock=self.clock
            )
        self.charger: Charger | None = None
        self._open = AsyncExitStack()
        self._car = Car(chosen.car, charge_wh=ARRIVAL_WH)
        if chosen.plugged:
            self.plug()

    def _furniture(self) -> list[Device]:
        """Return what hangs on no protocol."""
        return [
            device
            for device in (self.heater, self.appliance, self.battery)
            if device is not None
        ]

    def _meters(self) -> list[GridMeter]:
        meters: list[GridMeter] = [self.linky]
        if self.battery is not None:
            meters.append(self.battery)
        return meters

    def _install(self, spec: SolarEdgeSpec) -> None:
        self.inverter = SolarEdge(spec, self.house, self.battery)
        self.house.meters.append(self.inverter)
        if (port := self.options.modbus_port) is not None:
            habits = self.options.modbus_habits
            self.modbus = ModbusServer(self.inverter, port=port, habits=habits)

    def _port(self) -> Port | None:
        chosen = self.options
        if chosen.tic_path is not None:
            return PseudoTerminal(
                chosen.tic_path, parity_in_bit_7=chosen.parity_in_bit_7
            )
        if chosen.tic_port is not None:
            return TcpPort(chosen.tic_port)
        return None

    async def __aenter__(self) -> Self:
        """Bring it to life; raises OSError when a port is taken."""
        try:
            await self._start()
        except BaseException:
            await self._open.aclose()
            raise
        return self

    async def _start(self) -> None:
        if self.options.ocpp_url is not None:
            self.charger = Charger(
                self.evse, self.clock, self.options.ocpp_url, self.options.charger
            )
            await self._keep(self.charger.run(), "charger")
        if self.tic_line is not None:
            await self.tic_line.port.open()
            await self._keep(self.tic_line.run(), "linky")
        if self.modbus is not None:
            await self.modbus.open()
            self._open.push_async_callback(self.modbus.close)
        await self._keep(self._live(), "house")

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Switch everything off."""
        await self._open.aclose()

    async def _keep(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=f"virtual house: {name}")

        async def stop() -> None:
            task.cancel()
            result = (await asyncio.gather(task, return_exceptions=True))[0]
            if isinstance(result, Exception):
                raise result

        self._open.push_async_callback(stop)

    async def _live(self) -> None:
        while True:
            self.catch_up()
            await asyncio.sleep(TICK_S / max(1.0, self.clock.pace / 2))

    def catch_up(self) -> None:
        """Live up to this instant."""
        now = self.clock.now()
        self.house.advance(now)
        if self.charger is not None:
            self.charger.poll(now)

    # What a viewer or a test may do to it

    @property
    def plugged(self) -> bool:
        """Whether the car is connected."""
        return self.evse.car is not None

    def plug(self) -> None:
        """Come home and plug the car in."""
        if not self.plugged:
            self._car.charge_wh = ARRIVAL_WH
            self.evse.plug(self._car)

    def unplug(self) -> None:
        """Drive away."""
        self.evse.unplug()

    async def meter(self, state: str) -> None:
        """Put the TIC wire ``on``, ``off`` (silent), ``garbled``, or ``gone``."""
        if self.tic_line is None:
            return
        if state == "gone":
            await self.tic_line.port.close()
            return
        faults = {"on": Fault.NONE, "off": Fault.SILENT, "garbled": Fault.GARBLED}
        self.tic_line.fault = faults[state]
        await self.tic_line.port.open()

    async def inverter_is(self, state: str) -> None:
        """Let the inverter be ``on``, ``slow``, in the ``night``, or ``gone``.

        Its night is the whole house's: there is no sun until it is on again.
        """
        self.house.night = state == "night"
        if self.modbus is None:
            return
        if state == "gone":
            await self.modbus.close()
            return
        self.modbus.habits = SLOW if state == "slow" else self.options.modbus_habits
        await self.modbus.open()

    def status(self) -> str:
        """One paragraph on what is going on."""
        house, evse = self.house, self.evse
        car = evse.car
        sun = hours_and_minutes(self.day.day_s(self.clock.now()))
        source = "traces"
        if house.fixed_base_w is not None:
            source = f"grid held at {house.fixed_base_w:g} W before the car"
        link = "not dialled"
        if self.charger is not None:
            link = "connected" if self.charger.connected else "no link"
            if self.charger.is_cut:
                link = "link cut"
        wire = "not connected"
        if self.tic_line is not None:
            state = self.tic_line.fault
            wire = "talking" if state is Fault.NONE else state.value
        charge = ""
        if car is not None:
            charge = f", battery {100 * car.charge_wh / car.spec.capacity_wh:.0f} %"
        parts = "".join(f"{part}\n" for part in self._furniture_status())
        return (
            f"{sun} (sun at {self.day.speed:g} times, {source}); "
            f"solar {house.solar_w:.0f} W, household {house.load_w:.0f} W, "
            f"car {sum(evse.power_w):.0f} W, grid {house.grid_w:+.0f} W\n"
            f"{parts}"
            f"charger {evse.status} ({link}), offers {evse.pilot_a:g} A, "
            f"draws {evse.currents_a[0]:.1f} A{charge}; "
            f"Linky {wire}, period {self.linky.period.upper()}"
        )

    def _furniture_status(self) -> list[str]:
        parts = []
        if (heater := self.heater) is not None and heater.tank is not None:
            parts.append(
                f"heater told {100 * heater.told_share:.0f} %, draws "
                f"{sum(heater.power_w):.0f} W, water {heater.tank.temperature_c:.1f} °C"
            )
        if (appliance := self.appliance) is not None:
            state = "on" if appliance.on else "off"
            parts.append(f"appliance {state}, draws {sum(appliance.power_w):.0f} W")
        if (battery := self.battery) is not None:
            parts.append(
                f"battery {battery.battery_w:+.0f} W, {100 * battery.soc:.0f} % full"
            )
        if (inverter := self.inverter) is not None:
            parts.append(
                f"inverter {'asleep' if inverter.asleep else 'awake'}, "
                f"{inverter.solar_w:.0f} W ({self._modbus_status()})"
            )
        return parts

    def _modbus_status(self) -> str:
        modbus = self.modbus
        if modbus is None or not modbus.is_open:
            return "not on the network"
        caller = "one caller" if modbus.has_caller else "no caller"
        return f"{caller}, {modbus.turned_away} turned away"
