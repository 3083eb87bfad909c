"""Every constant of the wire, the kernels and the safety rules: the single source.

`tools/gen_wire.py` writes wire.h, wire.cdef and the SPEC tables from this file. A name is its stem, then the
noun, then the unit; a `*_NAMES` tuple gives the words of an enumeration in code order.
"""

from evenload.compat import const

# Time: the ring of evenload.ticks.
TICKS_PERIOD_MS = const(1 << 30)

# bl0942: the metering chip (datasheet V1.10, sections 1.5, 1.6, 3.2).
BL0942_PACKET_SIZE = const(23)
BL0942_PACKET_HEADER = const(0x55)
BL0942_COMMAND_READ = const(0x58)
BL0942_COMMAND_WRITE = const(0xA8)
BL0942_REGISTER_PACKET = const(0xAA)
BL0942_FRAME_INTERVAL_MS = const(25)
BL0942_ADDRESS_MAX = const(3)
BL0942_WRITE_SIZE = const(6)
BL0942_REPLY_SIZE = const(4)
BL0942_REGISTER_I_RMS = const(0x03)
BL0942_REGISTER_V_RMS = const(0x04)
BL0942_REGISTER_I_FAST_RMS = const(0x05)
BL0942_REGISTER_WATT = const(0x06)
BL0942_REGISTER_CF_CNT = const(0x07)
BL0942_REGISTER_FREQ = const(0x08)
BL0942_REGISTER_STATUS = const(0x09)
BL0942_REGISTER_WA_CREEP = const(0x14)
BL0942_REGISTER_MODE = const(0x19)
BL0942_REGISTER_GAIN_CR = const(0x1A)
BL0942_REGISTER_SOFT_RESET = const(0x1C)
BL0942_REGISTER_WRITE_PROTECT = const(0x1D)
BL0942_UNLOCK = const(0x55)
BL0942_SOFT_RESET = const(0x5A5A5A)
BL0942_MODE_DEFAULT = const(0x87)
BL0942_MODE_REFRESH_800_MS = const(0x08)
BL0942_MODE_LINE_60_HZ = const(0x20)
BL0942_MODE_BAUD_19200 = const(0x200)
BL0942_MODE_BAUD_38400 = const(0x300)
BL0942_V_RMS_MAX = const(5000000)
BL0942_V_RMS_LIVE_MIN = const(0x7FFFF)
BL0942_STATUS_MASK = const(0x323)
BL0942_STATUS_V_LOW = const(0x200)
BL0942_FREQ_MIN = const(15384)
BL0942_FREQ_MAX = const(25000)
# Calibration: counts per V, A, W, Hz * s and pulses per kWh, in millionths; 1 mohm, 1950k / 510 by default.
BL0942_VOLTAGE_UCOUNTS_DEFAULT = const(15883341159)
BL0942_CURRENT_UCOUNTS_DEFAULT = const(251213464696)
BL0942_FREQUENCY_UCOUNTS_DEFAULT = const(1000000000000)
BL0942_VOLTAGE_UCOUNTS_MIN = const(1000000)
BL0942_VOLTAGE_UCOUNTS_MAX = const(1000000000000)
BL0942_CURRENT_UCOUNTS_MIN = const(100000000)
BL0942_CURRENT_UCOUNTS_MAX = const(4000000000000)
BL0942_POWER_UCOUNTS_MIN = const(100000)
BL0942_POWER_UCOUNTS_MAX = const(8500000000)
BL0942_ENERGY_UCOUNTS_MIN = const(1000000)
BL0942_ENERGY_UCOUNTS_MAX = const(73000000000)
BL0942_FREQUENCY_UCOUNTS_MIN = const(1000000)
BL0942_FREQUENCY_UCOUNTS_MAX = const(1073000000000)
BL0942_SIGN_SIGNED = const(0)
BL0942_SIGN_ABS = const(1)
BL0942_SIGN_INVERT = const(2)
BL0942_SIGN_NAMES = ("signed", "abs", "invert")
BL0942_COUNT_FIRST = const(0)
BL0942_COUNT_ADDED = const(1)
BL0942_COUNT_RESET = const(2)
BL0942_COUNT_NAMES = ("first", "added", "reset")
BL0942_FROZEN_PACKETS = const(10)
BL0942_FIELD_I_RMS = const(0)
BL0942_FIELD_V_RMS = const(1)
BL0942_FIELD_I_FAST_RMS = const(2)
BL0942_FIELD_WATT = const(3)
BL0942_FIELD_CF_CNT = const(4)
BL0942_FIELD_FREQ = const(5)
BL0942_FIELD_STATUS = const(6)
BL0942_FIELD_COUNT = const(7)
BL0942_FIELD_NAMES = ("i_rms", "v_rms", "i_fast_rms", "watt", "cf_cnt", "freq", "status")

# meter: the IMeter port (requirement meter-hal.md, section 2).
METER_STALE_THRESHOLD_MS = const(3000)
METER_POLL_PERIOD_MS = const(1000)
METER_FAILED_POLLS_MAX = const(3)
METER_INVALID_AFTER_MS = const(600000)
METER_GOOD_READINGS_TO_RECOVER = const(2)
METER_CURRENT_MA_MAX_DEFAULT = const(100000)
METER_INVALID = const(0)
METER_FRESH = const(1)
METER_STALE = const(2)
METER_IMPLAUSIBLE = const(3)
METER_RECOVERING = const(4)
METER_UNMETERED = const(5)
# Why a reading is impossible: bits, because both may be true.
METER_CAUSE_VOLTAGE_ZERO = const(1)
METER_CAUSE_CURRENT_ABOVE_MAX = const(2)
METER_NAMES = ("invalid", "fresh", "stale", "implausible", "recovering", "unmetered")

# charging: what stations and circuits mean to the allocator (reference: IEC 61851-1; R1-R18 of SPEC).
STEP_MA_DEFAULT = const(100)
EV_MIN_CURRENT_MA = const(6000)
NO_CAP_MA = const((1 << 30) - 1)
NOT_MEASURED_MA = const(-1)
PHASE_NONE = const(-1)
CIRCUIT_NONE = const(-1)
WIRING_L1_L2_L3 = const(0)
WIRING_L1_L3_L2 = const(1)
WIRING_L2_L1_L3 = const(2)
WIRING_L2_L3_L1 = const(3)
WIRING_L3_L1_L2 = const(4)
WIRING_L3_L2_L1 = const(5)
WIRING_L1 = const(6)
WIRING_L2 = const(7)
WIRING_L3 = const(8)
WIRING_L1_L2 = const(9)
WIRING_L2_L3 = const(10)
WIRING_L3_L1 = const(11)
WIRING_UNKNOWN = const(12)
WIRING_NAMES = (
    "L1-L2-L3",
    "L1-L3-L2",
    "L2-L1-L3",
    "L2-L3-L1",
    "L3-L1-L2",
    "L3-L2-L1",
    "L1",
    "L2",
    "L3",
    "L1-L2",
    "L2-L3",
    "L3-L1",
    "unknown",
)

# station: what the electric vehicle supply equipment reports (IEC 61851-1 control pilot states).
STATION_UNREPORTED = const(0)
STATION_AVAILABLE = const(1)
STATION_CONNECTED = const(2)
STATION_CHARGING = const(3)
STATION_FAULTED = const(4)
STATION_NAMES = ("unreported", "available", "connected", "charging", "faulted")

# reason: why a grant is what it is (R16).
REASON_NOT_CONNECTED = const(0)
REASON_FULL_REQUEST = const(1)
REASON_CIRCUIT_LIMIT = const(2)
REASON_WAITING_TURN = const(3)
REASON_RAMPING = const(4)
REASON_RECLAIMED = const(5)
REASON_EXTERNAL_CAP = const(6)
REASON_METER_HOLD = const(7)
REASON_METER_STALE = const(8)
REASON_METER_INVALID = const(9)
REASON_BREAKER = const(10)
REASON_NONCOMPLIANT = const(11)
REASON_SILENT = const(12)
REASON_FAULTED = const(13)
REASON_BOOT_WAIT = const(14)
REASON_PHASE_SWITCH = const(15)
REASON_UNBALANCE = const(16)
REASON_GUARD = const(17)
REASON_NAMES = (
    "not_connected",
    "full_request",
    "circuit_limit",
    "waiting_turn",
    "ramping",
    "reclaimed",
    "external_cap",
    "meter_hold",
    "meter_stale",
    "meter_invalid",
    "breaker",
    "noncompliant",
    "silent",
    "faulted",
    "boot_wait",
    "phase_switch",
    "unbalance",
    "guard",
)

# tracker: the stable current of an EV that takes less than it may (requirement meter-hal.md, section 4.4).
TRACKER_SAMPLE_COUNT = const(3)
TRACKER_NEAR_MA = const(2000)
TRACKER_SPREAD_MA = const(4000)

# breaker: the thermal model of R7; a curve is a table of (ratio, action time) rows.
BREAKER_ACTION_NONE = const(0)
BREAKER_ACTION_SUSPEND = const(1)
BREAKER_ACTION_NAMES = ("none", "suspend")
BREAKER_CURVE_DEFAULT = const(0)
BREAKER_CURVE_MCB_B = const(1)
BREAKER_CURVE_MCB_C = const(2)
BREAKER_CURVE_MCB_D = const(3)
BREAKER_CURVE_FUSE_GG = const(4)
BREAKER_CURVE_CUSTOM = const(5)
BREAKER_CURVE_NAMES = ("default", "mcb-b", "mcb-c", "mcb-d", "fuse-gg", "custom")
BREAKER_CURVE_COUNT = const(6)
BREAKER_ROW_COUNT = const(8)
BREAKER_HEAT_FULL = const(600000)
BREAKER_COOL_MS = const(120000)
BREAKER_GAP_MS = const(3000)
BREAKER_RECOVER_PERMILLE = const(500)

# rotation: whose turn it is when there is not enough for everyone (R4).
ROTATION_SLOT_MS_DEFAULT = const(900000)
ROTATION_ON_MIN_MS_DEFAULT = const(210000)
ROTATION_OFF_MIN_MS_DEFAULT = const(60000)
ROTATION_RANK_JUST_ON = const(0)
ROTATION_RANK_IN_SLOT = const(1)
ROTATION_RANK_OVERDUE = const(2)
ROTATION_RANK_WAITING = const(3)
ROTATION_RANK_HELD_OFF = const(4)
ROTATION_RANK_ABSENT = const(5)
ROTATION_RANK_NAMES = ("just_on", "in_slot", "overdue", "waiting", "held_off", "absent")
ROTATION_WAITED_MAX = const(1023)
ROTATION_SERVED_AS_MAX = const((1 << 24) - 1)
ROTATION_DRAWN_MS_MAX = const(10000)
ROTATION_DRAWN_MA_MAX = const(100000)
ROTATION_INSERTION_COUNT_MAX = const(32)
ROTATION_STATION_COUNT_MAX = const(1 << 17)

# phases: terminals to site phases, 1p/3p switching and unbalance (R13).
PHASES_SWITCH_UP_MS_DEFAULT = const(600000)
PHASES_SWITCH_PAUSE_MS_DEFAULT = const(10000)
PHASES_SWITCH_COUNT_MAX_DEFAULT = const(10)
PHASES_SURPLUS_MA_DEFAULT = const(290)
PHASES_UNBALANCE_MA_MAX_DE = const(20000)
PHASES_UNBALANCE_MA_MAX_AT_CH = const(16000)

# pilot: the control pilot's duty cycle (IEC 61851-1, table A.8), in basis points: 10000 is 100 %.
PILOT_NO_CHARGING = const(0)
PILOT_DIGITAL = const(1)
PILOT_MINIMUM = const(2)
PILOT_LOW_RANGE = const(3)
PILOT_HIGH_RANGE = const(4)
PILOT_MAXIMUM = const(5)
PILOT_NAMES = ("no_charging", "digital", "minimum", "low_range", "high_range", "maximum")
PILOT_CURRENT_MA_MIN = const(6000)
PILOT_CURRENT_MA_MAX = const(80000)
# safety: what a meter state allows, in rising severity (R8).
SAFETY_NORMAL = const(0)
SAFETY_RAMP = const(1)
SAFETY_HOLD = const(2)
SAFETY_FALLBACK = const(3)
SAFETY_SUSPEND = const(4)
SAFETY_NAMES = ("normal", "ramp", "hold", "fallback", "suspend")

# cap: who limits a circuit or station from outside (R14).
CAP_NONE = const(0)
CAP_OPERATOR = const(1)
CAP_GRID_OPERATOR = const(2)
CAP_DEMAND_RESPONSE = const(3)
CAP_TARIFF = const(4)
CAP_OCPP = const(5)
CAP_INLET = const(6)
# Nominal phase voltage (IEC 60038): what a cap in watts means in amperes.
CAP_VOLTAGE_DV = const(2300)
CAP_NAMES = ("none", "operator", "grid_operator", "demand_response", "tariff", "ocpp", "inlet")

# setpoint: authenticated frames between controller and station (R17).
SETPOINT_MAGIC = const(0xEC)
SETPOINT_KIND_SET = const(1)
SETPOINT_KIND_REPORT = const(2)
SETPOINT_FRAME_SIZE = const(36)
SETPOINT_TAG_SIZE = const(16)
SETPOINT_MARK_STEP = const(4096)
SETPOINT_TTL_MS_MAX = const(30000)
SETPOINT_CURRENT_MA_MAX = const(80000)

# event: what the meter port and the safety table report. A neighbour's events have other tens.
EVENT_AUTO_SUSPEND = const(10)
EVENT_INLET_ILLEGAL = const(11)
EVENT_METER_STALE = const(20)
EVENT_METER_DISCONNECTED = const(21)
EVENT_METER_IMPLAUSIBLE = const(22)
EVENT_METER_RECOVERED = const(23)
EVENT_METER_RESET = const(24)
EVENT_METER_FROZEN = const(25)

# allocation: events of a round (R8, R10, R16 of SPEC). A neighbour's events have other tens.
EVENT_STATION_NONCOMPLIANT = const(40)
EVENT_STATION_COMPLIANT = const(41)
EVENT_STATION_SILENT = const(42)
EVENT_STATION_BACK = const(43)
EVENT_BREAKER_SUSPEND = const(44)
EVENT_BREAKER_RECOVER = const(45)
EVENT_GUARD_ACTED = const(46)
EVENT_PHASE_SWITCH = const(47)

# allocation: how far a meter state is to be trusted, and how far a round has come with a station.
SEVERITY_TRUSTED = const(0)
SEVERITY_HOLD = const(1)
SEVERITY_STALE = const(2)
SEVERITY_INVALID = const(3)
STATUS_OFF = const(0)
STATUS_ADMITTED = const(1)
STATUS_PENDING = const(2)
STATUS_RISING = const(3)
STATUS_FROZEN = const(4)

# allocation: bounds and defaults (R1-R13 of SPEC).
ALLOCATION_DEPTH_MAX = const(8)
ALLOCATION_CIRCUITS_MAX = const(8192)
ALLOCATION_STATIONS_MAX = const(10240)
ALLOCATION_CURRENT_MA_MAX = const(100000000)
ALLOCATION_BREAKER_MA_MAX = const(10000000)
ALLOCATION_STATION_MA_MAX = const(80000)
ALLOCATION_DRAW_MA_MAX = const(100000)
ALLOCATION_BASE_MA_MAX = const(1 << 28)
ALLOCATION_WEIGHT_MAX = const(1000)
ALLOCATION_PRIORITY_MAX = const(7)
ALLOCATION_EVENTS_MAX = const(128)
ALLOCATION_SLOT_MS = const(900000)
ALLOCATION_ON_MIN_MS = const(210000)
ALLOCATION_OFF_MIN_MS = const(60000)
ALLOCATION_LEASE_MS = const(10000)
ALLOCATION_LEASE_GRACE_MS = const(5000)
ALLOCATION_FOLLOW_MS = const(5000)
ALLOCATION_RAISE_HEADROOM_PERCENT = const(25)
ALLOCATION_RAISE_RATED_PERCENT_PER_S = const(3)
ALLOCATION_RAISE_SETTLE_MS = const(5000)
ALLOCATION_RECLAIM_AFTER_MS = const(60000)
ALLOCATION_RECLAIM_MARGIN_MA = const(3000)
ALLOCATION_START_MARGIN_MA = const(1000)
ALLOCATION_BOOT_WAIT_MS = const(32000)
ALLOCATION_NONCOMPLIANT_AFTER_MS = const(7000)
ALLOCATION_NONCOMPLIANT_MARGIN_MA = const(500)
ALLOCATION_COMPLIANT_AFTER_MS = const(60000)
ALLOCATION_COMPLIANT_AFTER_MS_MAX = const(900000)
ALLOCATION_WAKE_AFTER_MS = const(600000)
ALLOCATION_AGE_MS_MAX = const(1 << 28)
ALLOCATION_LEVEL_MAX = const(1 << 29)

# allocation: what seal() may refuse, in code order (0 = nothing): the column or setting, and what is valid.
ALLOCATION_FAULT_PARENT = const(1)
ALLOCATION_FAULT_DEPTH = const(2)
ALLOCATION_FAULT_LIMIT = const(3)
ALLOCATION_FAULT_FALLBACK = const(4)
ALLOCATION_FAULT_METERED = const(5)
ALLOCATION_FAULT_ROOT_METER = const(6)
ALLOCATION_FAULT_BREAKER = const(7)
ALLOCATION_FAULT_CIRCUIT = const(8)
ALLOCATION_FAULT_WIRING = const(9)
ALLOCATION_FAULT_MIN = const(10)
ALLOCATION_FAULT_MAX = const(11)
ALLOCATION_FAULT_FAILSAFE = const(12)
ALLOCATION_FAULT_FAILSAFE_SUM = const(13)
ALLOCATION_FAULT_PRIORITY = const(14)
ALLOCATION_FAULT_WEIGHT = const(15)
ALLOCATION_FAULT_SWITCHABLE = const(16)
ALLOCATION_FAULT_STEP = const(17)
ALLOCATION_FAULT_KEYS = (
    "",
    "circuit_parent[{}]",
    "circuit_parent[{}]",
    "limit_ma[{}]",
    "fallback_ma[{}]",
    "metered[{}]",
    "metered[{}]",
    "breaker_rated_ma[{}]",
    "station_circuit[{}]",
    "wiring[{}]",
    "min_ma[{}]",
    "max_ma[{}]",
    "failsafe_ma[{}]",
    "limit_ma[{}]",
    "priority[{}]",
    "weight[{}]",
    "switchable[{}]",
    "settings.step_ma",
)
ALLOCATION_FAULT_VALIDS = (
    "",
    "the index of an earlier circuit; only circuit 0 is a root, with parent -1",
    "a tree of at most 8 circuits from the root to any circuit",
    "0 .. 100000000 mA per phase",
    "0 .. the circuit's limit_ma of that phase, so that the fallback set fits the fuse",
    "0 or 1",
    "1 at the root, or settings.root_unmetered = 1 to share a static limit",
    "0 (no breaker model) .. 10000000 mA per phase",
    "the index of a circuit",
    "0 .. 12 (WIRING_*)",
    "6000 .. 80000 mA",
    "min_ma .. 80000 mA, with a multiple of step_ma between the two",
    "0 .. max_ma",
    "at least the sum of failsafe_ma of the stations below it on that phase",
    "0 .. 7, 0 the highest class",
    "1 .. 1000",
    "0 or 1",
    "1 .. 6000 mA",
)

# can: identifiers of the cluster's frames (29 bits: prio 3, 0b10, type 5, cluster 4, version 3, dst 6, src 6).
CAN_FRAME_SIZE = const(16)
CAN_DATA_SIZE = const(8)
CAN_VERSION = const(1)
CAN_RESERVED = const(2)
CAN_DST_ALL = const(63)
CAN_CLUSTER_MAX = const(15)
CAN_SRC_VOTER_MAX = const(15)
CAN_SRC_MAX = const(62)
CAN_SRC_COUNT = const(64)
CAN_SRC_GATEWAY = const(62)
CAN_PRIO_EMERGENCY = const(0)
CAN_PRIO_ELECTION = const(1)
CAN_PRIO_PLAN = const(2)
CAN_PRIO_HEARTBEAT = const(3)
CAN_PRIO_SETPOINT = const(4)
CAN_PRIO_TELEMETRY = const(5)
CAN_PRIO_TIME = const(6)
CAN_PRIO_BULK = const(7)
CAN_TYPE_PREVOTE_REQ = const(1)
CAN_TYPE_VOTE_REQ = const(2)
CAN_TYPE_PREVOTE_RESP = const(3)
CAN_TYPE_VOTE_RESP = const(4)
CAN_TYPE_CLAIM = const(5)
CAN_TYPE_RESIGN = const(6)
CAN_TYPE_PLAN = const(7)
CAN_TYPE_HEARTBEAT = const(8)
CAN_TYPE_SETPOINT = const(9)
CAN_TYPE_LEASE = const(10)
CAN_TYPE_EMERGENCY = const(12)
CAN_TYPE_TELEMETRY = const(16)
CAN_TYPE_TELEMETRY_LAST = const(23)
CAN_TYPE_TIME = const(24)
CAN_TYPE_BULK = const(28)
# Why a frame was not acted on: canframe.decode and cluster.on_frame return these, and count them.
FRAME_OK = const(0)
FRAME_NOT_OURS = const(-1)
FRAME_VERSION = const(-2)
FRAME_CLUSTER = const(-3)
FRAME_SHORT = const(-4)
FRAME_VALUE = const(-5)
FRAME_UNKNOWN = const(-6)
FRAME_OWN_SRC = const(-7)
FRAME_STRANGER = const(-8)
FRAME_STALE = const(-9)
FRAME_CRC = const(-10)
FRAME_NOT_FOR_ME = const(-11)
FRAME_FAULT_COUNT = const(12)
FRAME_FAULT_WORDS = (
    "ok",
    "not_ours",
    "version",
    "cluster",
    "short",
    "value",
    "unknown",
    "own_src",
    "stranger",
    "stale",
    "crc",
    "not_for_me",
)

# beat: fields of a decoded HEARTBEAT, in the order of the caller's array of FIELD_COUNT_MAX numbers.
FIELD_COUNT_MAX = const(9)
BEAT_TERM = const(0)
BEAT_LEADER = const(1)
BEAT_ROLE = const(2)
BEAT_HEALTH = const(3)
BEAT_PLAN_SEQ = const(4)
BEAT_LOAD = const(5)
BEAT_CAPACITY = const(6)
BEAT_COUNTER = const(7)
BEAT_ACK = const(8)
BEAT_LOAD_UNKNOWN = const(255)
# request: fields of PREVOTE_REQ and VOTE_REQ.
REQUEST_TERM = const(0)
REQUEST_PLAN_TERM = const(1)
REQUEST_PLAN_SEQ = const(2)
REQUEST_TRANSFER = const(3)
REQUEST_TRY = const(4)
REQUEST_REASON = const(5)
# response: fields of PREVOTE_RESP and VOTE_RESP; candidate 0 announces a floor. -1 where the short form says nothing.
RESPONSE_TERM = const(0)
RESPONSE_CANDIDATE = const(1)
RESPONSE_GRANTED = const(2)
RESPONSE_REASON = const(3)
RESPONSE_FLOOR = const(4)
RESPONSE_PLAN_SEQ = const(5)
# resign: fields of RESIGN.
RESIGN_TERM = const(0)
RESIGN_REASON = const(1)
RESIGN_TARGET = const(2)
# lease: fields of the lease frame.
LEASE_TERM = const(0)
LEASE_COUNTER = const(1)
LEASE_MASTER = const(2)
LEASE_PLAN_SEQ = const(3)
# setpoint frame: fields of SETPOINT; crc8 over type, dst, src and payload.
SET_TERM = const(0)
SET_SEQ = const(1)
SET_PARAM = const(2)
SET_VALUE = const(3)
# emergency: fields of EMERGENCY.
EMERGENCY_CODE = const(0)
EMERGENCY_SEVERITY = const(1)
EMERGENCY_VALUE = const(2)
EMERGENCY_ZONE = const(3)
EMERGENCY_COUNTER = const(4)
EMERGENCY_SINCE_DS = const(5)
EMERGENCY_LEAK = const(1)
EMERGENCY_OVERTEMPERATURE = const(2)
EMERGENCY_FLOW_LOST = const(3)
EMERGENCY_WORDS = ("none", "leak", "overtemperature", "flow_lost")
# claim: fields of CLAIM, sent when the own identifier is heard from another node: the younger one falls silent.
CLAIM_UPTIME_DS = const(0)
CLAIM_SERIAL = const(1)

# plan: the replicated register as one array of PLAN_SIZE numbers; columns by slot (place in the list of voters).
PLAN_SLOT_COUNT = const(12)
PLAN_TERM = const(0)
PLAN_SEQ = const(1)
PLAN_MASTER = const(2)
PLAN_MODE = const(3)
PLAN_DEMAND_10W = const(4)
PLAN_CAP_PERCENT = const(5)
PLAN_SUPPLY_CK = const(6)
PLAN_RANK = const(7)
PLAN_SHARE_10W = const(19)
PLAN_DERATE = const(31)
PLAN_SIZE = const(43)
PLAN_CHUNK_COUNT_MAX = const(7)
PLAN_CHUNK_SIZE = const(7)
PLAN_SEQ_MAX = const(255)
PLAN_SEQ_HANDOVER = const(240)
PLAN_SUPPLY_CK_DEFAULT = const(30815)

# derate: health in a heartbeat and in a plan; in a plan, out means not a member.
DERATE_FULL = const(0)
DERATE_90 = const(1)
DERATE_50 = const(2)
DERATE_OUT = const(3)
DERATE_NAMES = ("full", "90", "50", "out")

# dispatch: the load rule (SPEC, load sharing); everything in units of 10 W.
DISPATCH_COUNT_MAX = const(12)
DISPATCH_POLICY_RAMP = const(0)
DISPATCH_POLICY_EFFICIENCY = const(1)
DISPATCH_POLICY_NAMES = ("ramp", "efficiency")
DISPATCH_CAP_PERCENT_DEFAULT = const(80)
DISPATCH_RATED_10W_MAX = const(65535)
DISPATCH_DEMAND_10W_MAX = const(65535)
DISPATCH_MASTER_NONE = const(-1)
DISPATCH_COST_MAX = const(1000)

# role: what a voter is (two bits of a heartbeat).
ROLE_FOLLOWER = const(0)
ROLE_PRECANDIDATE = const(1)
ROLE_CANDIDATE = const(2)
ROLE_LEADER = const(3)
ROLE_BOOT = const(4)
ROLE_NAMES = ("follower", "precandidate", "candidate", "leader", "boot")

# cluster: times of the heartbeat, the election and the lease (SPEC, timing proof).
CLUSTER_BEAT_MS = const(50)
CLUSTER_BEAT_MS_MIN = const(43)
CLUSTER_LISTEN_MS = const(100)
CLUSTER_ECHO_MS = const(30)
CLUSTER_BEHIND_MS = const(100)
CLUSTER_LEASE_FRAME_MS = const(25)
CLUSTER_DETECT_MS = const(150)
CLUSTER_STICKY_MS = const(140)
CLUSTER_LEASE_MS = const(124)
CLUSTER_STAGGER_MS_DEFAULT = const(20)
CLUSTER_RTO_MS_DEFAULT = const(20)
CLUSTER_TRIES_MAX = const(3)
CLUSTER_BOOT_MS = const(200)
CLUSTER_REPEAT_MS = const(10)
CLUSTER_REPEAT_COUNT = const(3)
CLUSTER_UNACKED_MAX = const(8)
CLUSTER_AWAY_MS = const(100)
CLUSTER_ALONE_MS = const(300)
CLUSTER_RETURN_MS = const(1000)
CLUSTER_RAMP_STEP_MS = const(1000)
CLUSTER_EMERGENCY_GAP_MS = const(100)
CLUSTER_EMERGENCY_HOLD_MS = const(10000)
CLUSTER_RESIGN_HOLD_MS = const(300)
CLUSTER_TICK_MS_MAX = const(5)
CLUSTER_BITRATE_MIN = const(500000)
CLUSTER_VOTER_COUNT_MAX = const(12)
CLUSTER_COLUMN_COUNT = const(16)
TERM_MAX = const((1 << 24) - 1)
CEILING_NEAR = const(8)
CEILING_STEP = const(32)
TERM_JUMP_MAX = const(4096)
OUTBOX_COUNT = const(32)
OUTBOX_AGE_MS = const(40)

# vote: why a voter said no.
VOTE_REASON_NONE = const(0)
VOTE_REASON_TERM = const(1)
VOTE_REASON_LEADER = const(2)
VOTE_REASON_VOTED = const(3)
VOTE_REASON_PLAN = const(4)
VOTE_REASON_FLOOR = const(5)
VOTE_REASON_CEILING = const(6)
VOTE_REASON_NO_VOTER = const(7)
VOTE_REASON_NAMES = ("none", "term", "leader", "voted", "plan", "floor", "ceiling", "no_voter")

# resign reason: why a leader stands down.
RESIGN_REASON_PLANNED = const(0)
RESIGN_REASON_LEASE = const(1)
RESIGN_REASON_MAINTENANCE = const(2)
RESIGN_REASON_TRANSFER = const(3)
RESIGN_REASON_NAMES = ("planned", "lease", "maintenance", "transfer")

# order: what the owner of a node may ask of the cluster kernel (code, value), and its answers.
ORDER_DEMAND_10W = const(1)
ORDER_TRANSFER = const(2)
ORDER_RESIGN = const(3)
ORDER_DRAIN = const(4)
ORDER_HEALTH = const(5)
ORDER_LOAD = const(6)
ORDER_POLICY = const(7)
ORDER_SUPPLY_CK = const(8)
ORDER_CAP_PERCENT = const(9)
ORDER_EMERGENCY = const(10)
ORDER_DONE = const(0)
ORDER_NOT_LEADER = const(-1)
ORDER_VALUE = const(-2)
ORDER_NOT_READY = const(-3)
ORDER_UNKNOWN = const(-4)
ORDER_ANSWER_WORDS = ("done", "not_leader", "value", "not_ready", "unknown")

# basis: why a node delivers what it delivers.
BASIS_BOOT = const(0)
BASIS_ALONE = const(1)
BASIS_PLAN = const(2)
BASIS_CONTINGENCY = const(3)
BASIS_EMERGENCY = const(4)
BASIS_ISOLATED = const(5)
BASIS_NAMES = ("boot", "alone", "plan", "contingency", "emergency", "isolated")

# alarm: bits of the cluster's alarm word.
ALARM_UNMET = const(1)
ALARM_N1_LOST = const(2)
ALARM_CLASH = const(4)
ALARM_NO_FLOOR = const(8)
ALARM_TERM_END = const(16)
ALARM_NO_QUORUM = const(32)
ALARM_EMERGENCY = const(64)
ALARM_CLOCK_STEP = const(128)

# trace: the cluster's transitions, as (code, a, b, c, at_ms); the trace file and every invariant are built on them.
TRACE_NONE = const(0)
TRACE_ROLE = const(1)
TRACE_VOTE = const(2)
TRACE_GRANTS = const(3)
TRACE_LEASE = const(4)
TRACE_LEASE_END = const(5)
TRACE_PLAN = const(6)
TRACE_SHARE = const(7)
TRACE_ALIVE = const(8)
TRACE_BOOT = const(9)
TRACE_STORED = const(10)
TRACE_ALARM = const(11)
TRACE_CLASH = const(12)
TRACE_SETPOINT = const(13)
TRACE_EMERGENCY = const(14)
TRACE_TERM = const(15)
TRACE_PREVOTE = const(16)
TRACE_NAMES = (
    "none",
    "role",
    "vote",
    "grants",
    "lease",
    "lease_end",
    "plan",
    "share",
    "alive",
    "boot",
    "stored",
    "alarm",
    "clash",
    "setpoint",
    "emergency",
    "term",
    "prevote",
)
TRACE_SIZE = const(5)
TRACE_COUNT = const(64)

# snapshot: what Cluster.snapshot writes, one array of SNAPSHOT_SIZE numbers; columns of 16 by source.
SNAPSHOT_SRC = const(0)
SNAPSHOT_ROLE = const(1)
SNAPSHOT_TERM = const(2)
SNAPSHOT_LEADER = const(3)
SNAPSHOT_VOTED_FOR = const(4)
SNAPSHOT_FLOOR = const(5)
SNAPSHOT_CEILING = const(6)
SNAPSHOT_CEILING_WANTED = const(7)
SNAPSHOT_HAS_LEASE = const(8)
SNAPSHOT_LEASE_UNTIL_MS = const(9)
SNAPSHOT_COMMITTED_SEQ = const(10)
SNAPSHOT_TARGET_10W = const(11)
SNAPSHOT_APPLIED_10W = const(12)
SNAPSHOT_BASIS = const(13)
SNAPSHOT_ALARM = const(14)
SNAPSHOT_UNMET_10W = const(15)
SNAPSHOT_ALIVE_MASK = const(16)
SNAPSHOT_VOTER_MASK = const(17)
SNAPSHOT_HEALTH = const(18)
SNAPSHOT_IS_SILENT = const(19)
SNAPSHOT_NOW_MS = const(20)
SNAPSHOT_LEADER_HEARD_MS = const(21)
SNAPSHOT_FRAMES_IN = const(22)
SNAPSHOT_FRAMES_OUT = const(23)
SNAPSHOT_OUTBOX_DROPPED = const(24)
SNAPSHOT_TRACE_LOST = const(25)
SNAPSHOT_ELECTIONS = const(26)
SNAPSHOT_RATED_10W = const(27)
SNAPSHOT_FAULT = const(32)
SNAPSHOT_PLAN = const(44)
SNAPSHOT_PEER_TERM = const(96)
SNAPSHOT_PEER_LEADER = const(112)
SNAPSHOT_PEER_ROLE = const(128)
SNAPSHOT_PEER_HEALTH = const(144)
SNAPSHOT_PEER_PLAN_SEQ = const(160)
SNAPSHOT_PEER_LOAD = const(176)
SNAPSHOT_PEER_AGE_MS = const(192)
SNAPSHOT_PEER_LOST = const(208)
SNAPSHOT_SIZE = const(224)

# rt: counters of a node's real-time loop, one array of RT_SIZE 64-bit numbers; from RT_BUCKET on, how many ticks were
# how late: 100 buckets of 10 us, 90 of 100 us, 90 of 1 ms, and one for all above 100 ms.
RT_TICKS = const(0)
RT_LATE_US_MAX = const(1)
RT_OVERRUNS = const(2)
RT_RX = const(3)
RT_TX = const(4)
RT_TX_ERRORS = const(5)
RT_TX_DROPPED = const(6)
RT_RX_MALFORMED = const(7)
RT_BUS_LOST = const(8)
RT_BUS_ERRNO = const(9)
RT_IS_OPEN = const(10)
RT_IS_FIFO = const(11)
RT_IS_LOCKED = const(12)
RT_TRACE_LOST = const(13)
RT_BEATS_LOST = const(14)
RT_COMMANDS = const(15)
RT_BUCKET = const(16)
RT_BUCKET_COUNT = const(281)
RT_SIZE = const(297)
RT_COMMAND_STORED = const(100)
RT_COMMAND_COUNT = const(64)
RT_TRACE_COUNT = const(4096)
RT_BEAT_COUNT = const(4096)
