"""SolarEdge inverters, their meters and batteries, over a shared Modbus link."""
