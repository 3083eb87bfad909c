"""A simulated BL0942 metering chip: registers, UART protocol, energy pulses and faults.

Set what it measures (`voltage_mv`, `current_ma`, `power_mw`, `frequency_mhz`) and attach it to a UartLine.
It behaves as the datasheet (V1.10) says: values refresh every 400 or 800 ms (MODE bit 3), a frame must be
complete within 16 ms, a foreign address is ignored, 32 bit times of low reset the UART, registers
0x12 .. 0x1C are write protected, creep suppresses small loads, one energy pulse falls every 419430.4 / WATT
seconds. The front end is the reference design: 1 mohm shunt, 510 ohm under 5 x 390 kohm.
"""

from evenload import wire
from evenload.core import kernel

FAULTS = ("bad_sum", "shifted", "silent", "brownout", "frozen", "batched")
BATCH_COUNT = 5  # Replies that arrive together, as in the captures of late adapters.
FRAME_TIMEOUT_US = 16_000
BREAK_BITS = 32
US_PER_S = 1_000_000

# Counts per unit of the reference design (application note V1.04), as whole numbers per 1000 units of 1/1000.
I_COUNTS_PER_KA = 251_213_465
V_COUNTS_PER_KV = 15_883_341
P_COUNTS_PER_MW = 623_393_800
# One pulse per 1638.4 * 256 count-seconds of WATT; in tenths of count-microseconds.
PULSE_COUNT_US_TENTHS = 4_194_304 * US_PER_S
REGISTER_MAX = (1 << 24) - 1
V_RMS_CLIP = 4_252_241  # 70 mV at the pin.
I_RMS_CLIP = 7_536_404  # 30 mV at the pin.
WATT_CLIP = 5_006_795
FREQ_AT_REST = 0x4E20
CREEP_NUMERATOR = 3125
CREEP_DENOMINATOR = 256
I_ZERO_CROSSING_MIN = 0x3FFFF
FAST_BIAS_MIN = 17_000
FAST_BIAS_SPREAD = 59_000
GAINS = (1, 4, 16, 24)
GAIN_REFERENCE = 16

MODE_ABSOLUTE = 0x80
MODE_CLEAR_ON_READ = 0x40
MODE_BAUD_SHIFT = 8
STATUS_REVERSE = 0x001
STATUS_CREEP = 0x002
STATUS_UNDOCUMENTED = 0x020
STATUS_I_LOW = 0x100
STATUS_V_LOW = 0x200

# Registers that can be written, with their width in bits and their value after a reset.
WRITABLE = {
    0x12: (8, 0),
    wire.BL0942_REGISTER_WA_CREEP: (8, 0x0B),
    0x15: (16, 0xFFFF),
    0x16: (3, 1),
    0x17: (2, 3),
    0x18: (6, 0x24),
    wire.BL0942_REGISTER_MODE: (10, wire.BL0942_MODE_DEFAULT),
    wire.BL0942_REGISTER_GAIN_CR: (2, 2),
}


class Bl0942Chip:
    """One chip. address: 0 .. 3; seed: of its noise; pin_baud: 4800 or 9600, by its SCLK_BPS pin.

    noise: whether readings jitter by their last digits as a real chip's do (a frozen one does not).
    """

    def __init__(self, address: int = 0, seed: int = 1, pin_baud: int = 4800, noise: bool = True) -> None:
        self.address = address
        self.pin_baud = pin_baud
        self.noise = noise
        self.voltage_mv = 230_000
        self.current_ma = 0
        self.power_mw = 0
        self.frequency_mhz = 50_000
        self.reset_count = 0
        self._random = kernel("random32").Random32(seed)
        self._faults: set[str] = set()
        self._held: list[bytes] = []
        self._now_us = 0
        self._written: dict[int, int] = {}
        self._measured: dict[int, int] = {}
        self._frame = bytearray()
        self._frame_start_us = 0
        self._reset()
        self.reset_count = 0

    @property
    def baud(self) -> int:
        """The speed set by MODE[9:8], or by the pin when those are 00 or 01."""
        return (self.pin_baud, self.pin_baud, 19_200, 38_400)[
            (self._written[wire.BL0942_REGISTER_MODE] >> MODE_BAUD_SHIFT) & 3
        ]

    def set_fault(self, name: str, on: bool) -> None:
        """Switch a fault of FAULTS. `brownout` holds the chip in reset until it is switched off."""
        if name not in FAULTS:
            raise ValueError(f"{name!r} is no fault of a BL0942; valid: {', '.join(FAULTS)}")
        was_on = name in self._faults
        (self._faults.add if on else self._faults.discard)(name)
        if name == "brownout" and was_on != on:
            self._reset()

    def step(self, now_us: int) -> None:
        """Live until `now_us`: count energy, refresh the readings when that is due."""
        if "brownout" in self._faults or "frozen" in self._faults:
            self._now_us = now_us
            self._refresh_due_us = now_us + self._refresh_us()
            return
        while self._refresh_due_us <= now_us:
            self._count_energy(self._refresh_due_us)
            self._refresh()
            self._refresh_due_us += self._refresh_us()
        self._count_energy(now_us)

    def receive(self, now_us: int, byte: int, baud: int) -> bytes:
        """Take one byte from the host; return the answer once a request for this chip is complete."""
        if "brownout" in self._faults:
            return b""
        if baud != self.baud:
            byte = self._random.below(256)
        if self._frame and now_us - self._frame_start_us > FRAME_TIMEOUT_US:
            self._frame.clear()
        if not self._frame:
            self._frame_start_us = now_us
        self._frame.append(byte)
        answer = self._answer_frame()
        return self._spoil(answer) if answer else b""

    def hear_break(self, now_us: int, duration_us: int) -> None:  # noqa: ARG002
        """Reset the UART when the line was low for more than 32 bit times."""
        if duration_us * self.baud > BREAK_BITS * US_PER_S:
            self._frame.clear()

    def read_register(self, register: int) -> int:
        """Return a register as the host would read it (24 bits, two's complement), without side effects."""
        if register == wire.BL0942_REGISTER_WRITE_PROTECT:
            return int(self._is_unlocked)
        if register in self._written:
            return self._written[register]
        return self._measured.get(register, 0) & REGISTER_MAX

    def _reset(self) -> None:
        """Return to the state after power-on: energy gone, configuration at its defaults, no readings yet."""
        self.reset_count += 1
        self._written = {register: default for register, (_, default) in WRITABLE.items()}
        self._measured = {wire.BL0942_REGISTER_FREQ: FREQ_AT_REST}
        self._is_unlocked = False
        self._energy_tenths = 0
        self._frame.clear()
        self._refresh_due_us = self._now_us + self._refresh_us()

    def _refresh_us(self) -> int:
        slow = self._written[wire.BL0942_REGISTER_MODE] & wire.BL0942_MODE_REFRESH_800_MS
        return 800_000 if slow else 400_000

    def _count_energy(self, now_us: int) -> None:
        """Turn the power since the last call into pulses of CF_CNT; the rest of a pulse is kept exactly."""
        watt = self._measured.get(wire.BL0942_REGISTER_WATT, 0)
        if self._written[wire.BL0942_REGISTER_MODE] & MODE_ABSOLUTE:
            watt = abs(watt)
        self._energy_tenths += watt * (now_us - self._now_us) * 10
        self._now_us = now_us
        pulses = abs(self._energy_tenths) // PULSE_COUNT_US_TENTHS
        if pulses:
            pulses = pulses if self._energy_tenths > 0 else -pulses
            self._energy_tenths -= pulses * PULSE_COUNT_US_TENTHS
            counter = self._measured.get(wire.BL0942_REGISTER_CF_CNT, 0)
            self._measured[wire.BL0942_REGISTER_CF_CNT] = (counter + pulses) & REGISTER_MAX

    def _refresh(self) -> None:
        """Measure: what the inputs say goes into the registers, with creep, clipping and jitter."""
        gain = GAINS[self._written[wire.BL0942_REGISTER_GAIN_CR]]
        i_rms = self._jitter(self.current_ma * I_COUNTS_PER_KA * gain // GAIN_REFERENCE // 1_000_000)
        v_rms = self._jitter(self.voltage_mv * V_COUNTS_PER_KV // 1_000_000)
        sign = -1 if self.power_mw < 0 else 1
        watt = self._jitter(abs(self.power_mw) * P_COUNTS_PER_MW * gain // GAIN_REFERENCE // 1_000_000_000)
        creep = self._written[wire.BL0942_REGISTER_WA_CREEP] * CREEP_NUMERATOR // CREEP_DENOMINATOR
        status = STATUS_UNDOCUMENTED if self.noise and self._random.below(2) else 0
        if watt < creep:
            watt = i_rms = 0
            status |= STATUS_CREEP
        i_rms, v_rms, watt = min(i_rms, I_RMS_CLIP), min(v_rms, V_RMS_CLIP), min(watt, WATT_CLIP)
        if v_rms >= wire.BL0942_V_RMS_LIVE_MIN:
            period = (1_000_000_000 + self.frequency_mhz // 2) // self.frequency_mhz
            self._measured[wire.BL0942_REGISTER_FREQ] = period + (
                self._random.below(9) - 4 if self.noise else 0
            )
        else:
            status |= STATUS_V_LOW
        status |= STATUS_I_LOW if i_rms < I_ZERO_CROSSING_MIN else 0
        status |= STATUS_REVERSE if sign < 0 and watt else 0
        bias = FAST_BIAS_MIN + (self._random.below(FAST_BIAS_SPREAD) if self.noise else 0)
        self._measured.update(
            {
                wire.BL0942_REGISTER_I_RMS: i_rms,
                wire.BL0942_REGISTER_V_RMS: v_rms,
                wire.BL0942_REGISTER_I_FAST_RMS: min(i_rms * 363 // 1000 + bias, REGISTER_MAX),
                wire.BL0942_REGISTER_WATT: sign * watt,
                wire.BL0942_REGISTER_STATUS: status,
            }
        )

    def _jitter(self, counts: int) -> int:
        """Return `counts` with a real chip's noise: about 1 in 16,000, so that no two frames are alike."""
        if not self.noise or counts == 0:
            return counts
        spread = counts // 8_000 + 3
        drawn: int = self._random.below(spread)
        return max(0, counts + drawn - spread // 2)

    def _answer_frame(self) -> bytes:
        """Act on the bytes received so far; return the answer, or nothing while the frame is incomplete."""
        family, size = self._frame[0] & 0xFC, len(self._frame)
        if family == wire.BL0942_COMMAND_READ:
            if size < 2:
                return b""
            frame = self._take_frame()
            return self._read_reply(frame[1]) if frame[0] & 3 == self.address else b""
        if family == wire.BL0942_COMMAND_WRITE:
            if size == wire.BL0942_WRITE_SIZE:
                self._write(self._take_frame())
            return b""
        self._frame.clear()
        return b""

    def _take_frame(self) -> bytes:
        frame = bytes(self._frame)
        self._frame.clear()
        return frame

    def _read_reply(self, register: int) -> bytes:
        if register == wire.BL0942_REGISTER_PACKET:
            return self._packet()
        data = self.read_register(register).to_bytes(3, "little")
        if register == wire.BL0942_REGISTER_CF_CNT:
            self._clear_energy_on_read()
        checksum = ~((wire.BL0942_COMMAND_READ | self.address) + register + sum(data)) & 0xFF
        return data + bytes([checksum])

    def _packet(self) -> bytes:
        body = bytearray([wire.BL0942_PACKET_HEADER])
        for register, size in ((0x03, 3), (0x04, 3), (0x05, 3), (0x06, 3), (0x07, 3), (0x08, 2)):
            body += self.read_register(register).to_bytes(3, "little")[:size]
        body += b"\x00" + self.read_register(wire.BL0942_REGISTER_STATUS).to_bytes(3, "little")
        self._clear_energy_on_read()
        body.append(~((wire.BL0942_COMMAND_READ | self.address) + sum(body)) & 0xFF)
        return bytes(body)

    def _clear_energy_on_read(self) -> None:
        if self._written[wire.BL0942_REGISTER_MODE] & MODE_CLEAR_ON_READ:
            self._measured[wire.BL0942_REGISTER_CF_CNT] = 0

    def _write(self, frame: bytes) -> None:
        """Act on a complete write frame: silently ignored when foreign, damaged, protected or unknown."""
        if frame[0] & 3 != self.address or ~sum(frame[:5]) & 0xFF != frame[5]:
            return
        register, value = frame[1], int.from_bytes(frame[2:5], "little")
        if register == wire.BL0942_REGISTER_WRITE_PROTECT:
            self._is_unlocked = value == wire.BL0942_UNLOCK
        elif not self._is_unlocked:
            return
        elif register == wire.BL0942_REGISTER_SOFT_RESET and value == wire.BL0942_SOFT_RESET:
            self._reset()
        elif register in WRITABLE:
            self._written[register] = value & ((1 << WRITABLE[register][0]) - 1)

    def _spoil(self, answer: bytes) -> bytes:
        """Return what the faults that are on make of an answer."""
        if "silent" in self._faults:
            return b""
        if "bad_sum" in self._faults:
            answer = answer[:-1] + bytes([answer[-1] ^ 0x5A])
        if "shifted" in self._faults:
            junk = (0x00, 0xF0, 0xE0)[self._random.below(3)]
            answer = bytes([junk] * (1 + self._random.below(3))) + answer
        if "batched" in self._faults:
            self._held.append(answer)
            if len(self._held) < BATCH_COUNT:
                return b""
            answer = b"\x00".join(self._held)
            self._held.clear()
        return answer
