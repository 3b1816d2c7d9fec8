"""The French meter: TIC frames, labels, status register, and the serial reader."""
