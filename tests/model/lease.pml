/*
 * Never two valid leases at once: the bond of a voter outlasts every lease that it supports.
 *
 * Time is counted in ticks. Each node has a clock of its own; in a round every clock ticks once, in any order, so
 * two clocks differ by at most two ticks over any span: that is the drift which 124 ms and 140 ms leave room for.
 * A lease runs from the moment of sending, a bond from the moment of hearing; messages take any time or are lost.
 * Votes across a restart are guarded by a floor (election.pml shows how); here it is the newest term voted in.
 *
 * Compile-time choices: CRASHES in all, RESIGNS (0 or 1), the times in ticks, BROKEN spoils one rule (0: none).
 * ONE_CLOCK lets all clocks tick at once, for the larger searches.
 */
#define N 3
#define QUORUM 2
#define TERM_LAST 3
#define NOBODY 0
#ifndef CRASHES
#define CRASHES 0
#endif
#ifndef RESIGNS
#define RESIGNS 0
#endif
#ifndef LEASE
#define LEASE 2
#endif
#ifndef STICKY
#define STICKY 4
#endif
#ifndef BOOT
#define BOOT 4
#endif
#ifndef BROKEN
#define BROKEN 0
#endif
#define NO_BOND 1            /* a grant does not bind: only the leader's frames do */
#define NO_STICKINESS 2      /* a leader's frame does not bind: only a grant does */
#define LAST_TRY 3           /* a repeated request renews the lease of its grants */
#define LEASE_FROM_ACK 4     /* a lease runs from the ack, not from the sending */
#define RESIGN_AND_ACT 5     /* a leader that resigned acts until its lease is over */
#define FLAG_FOREVER 6       /* a transfer's target keeps the flag in later terms */
#define OWN_BOND 7           /* a candidate does not hold itself to its own bond */

byte term[N];
byte voted[N];               /* in term[i]: candidate + 1 */
byte vote_last[N];           /* the newest term that the node ever voted in: its storage knows no less */
byte vote_floor[N];
byte bond[N];                /* ticks for which the voter refuses everybody but bound_to */
byte bound_to[N];            /* + 1 */
byte bound_term[N];
byte boot[N];                /* ticks before a restarted node votes */
bit leads[N];                /* in term[i] */
byte lease[N];               /* ticks */
byte age[N];                 /* of the request or the newest leader frame, by its sender's clock; ends at LEASE */
byte acks[N];                /* bit j: j granted that request, or acked that frame */
byte request[N];             /* term of the newest request on the wire */
byte frame[N];               /* term of the newest leader frame on the wire */
#ifndef ONE_CLOCK
bit ticked[N];
#endif
byte crashes;
#if RESIGNS
byte resigned[TERM_LAST + 1]; /* who gave this term up, + 1 */
byte transfer[N];             /* the term that was handed to i */
bit flag[N];                  /* the request of i carries the transfer flag */
#define RESIGN_OF(i) resigned[term[i]] = i + 1
#else
#define RESIGN_OF(i) skip
#endif

#if CRASHES
#define VOTED(i) vote_last[i] = term[i]
#else
#define VOTED(i) skip
#endif
#define BITS(mask) ((mask & 1) + ((mask >> 1) & 1) + ((mask >> 2) & 1))
#define ACTS(i) (lease[i] > 0)
#define ONE_LEASE assert(ACTS(0) + ACTS(1) + ACTS(2) <= 1)
#define STAND_DOWN(i) leads[i] = 0; lease[i] = 0; age[i] = LEASE; acks[i] = 0
#define RELEASE(j) bond[j] = 0; bound_to[j] = NOBODY; bound_term[j] = 0
#define BIND(j, i, t) bond[j] = STICKY; bound_to[j] = i + 1; bound_term[j] = t

#if RESIGNS
#define IS_HANDED(i, t) (transfer[i] > 0 && (t == transfer[i] + 1 || BROKEN == FLAG_FOREVER))
#define SET_FLAG(i, t) flag[i] = IS_HANDED(i, t)
#define IS_PASSED(j, i) (flag[i] && bound_term[j] < request[i])
#else
#define IS_HANDED(i, t) false
#define SET_FLAG(i, t) skip
#define IS_PASSED(j, i) false
#endif
#define IS_FREE(j, i) (bond[j] == 0 || (bound_to[j] == i + 1 && bound_term[j] <= request[i]) || IS_PASSED(j, i))
#define BASE(i) (term[i] >= vote_floor[i] -> term[i] : vote_floor[i])

/* All nodes begin alike, so they may be numbered in the order in which each stands for the first time. */
#define IS_NEXT(i) (i == 0 || request[(i + N - 1) % N])

#define CAMPAIGN(i) \
    :: d_step { BASE(i) < TERM_LAST && IS_NEXT(i) && boot[i] == 0 && !leads[i] && lease[i] == 0 && \
                (bond[i] == 0 || bound_to[i] == i + 1 || IS_HANDED(i, (BASE(i) + 1)) || BROKEN == OWN_BOND) -> \
        term[i] = BASE(i) + 1; \
        voted[i] = i + 1; \
        VOTED(i); \
        request[i] = term[i]; \
        SET_FLAG(i, term[i]); \
        age[i] = 0; \
        acks[i] = 1 << i; \
        BIND(i, i, term[i]) }

#define VOTE(j, i) \
    :: d_step { boot[j] == 0 && request[i] > vote_floor[j] && \
                (request[i] > term[j] || (request[i] == term[j] && voted[j] == NOBODY)) && IS_FREE(j, i) -> \
        if \
        :: request[i] > term[j] -> STAND_DOWN(j) \
        :: else \
        fi; \
        term[j] = request[i]; \
        voted[j] = i + 1; \
        VOTED(j); \
        if \
        :: BROKEN == NO_BOND -> skip \
        :: else -> BIND(j, i, request[i]) \
        fi; \
        if \
        :: term[i] == request[i] && voted[i] == i + 1 && !leads[i] -> acks[i] = acks[i] | (1 << j) \
        :: else \
        fi }

/* Winning and renewing are one: a quorum stands behind what was sent age[i] ticks ago. */
#define WIN(i) \
    :: d_step { voted[i] == i + 1 && BITS(acks[i]) >= QUORUM && age[i] < LEASE && \
                lease[i] < LEASE - (BROKEN == LEASE_FROM_ACK -> 0 : age[i]) && (leads[i] || CAN_WIN(i)) -> \
        leads[i] = 1; \
        lease[i] = LEASE - (BROKEN == LEASE_FROM_ACK -> 0 : age[i]); \
        ONE_LEASE } \
    :: d_step { BROKEN == LAST_TRY && voted[i] == i + 1 && !leads[i] && acks[i] && age[i] > 0 && CAN_WIN(i) -> \
        age[i] = 0 }
#define CAN_WIN(i) (frame[i] < term[i])

#define SEND(i) :: d_step { leads[i] -> frame[i] = term[i]; age[i] = 0; acks[i] = 1 << i }

#define HEAR(j, i) \
    :: d_step { frame[i] > 0 && frame[i] >= term[j] && \
                !(bond[j] == STICKY && bound_to[j] == i + 1 && bound_term[j] == frame[i] && \
                  ((acks[i] >> j) & 1)) -> \
        if \
        :: frame[i] > term[j] -> term[j] = frame[i]; voted[j] = NOBODY; STAND_DOWN(j) \
        :: else \
        fi; \
        if \
        :: BROKEN == NO_STICKINESS -> skip \
        :: else -> BIND(j, i, frame[i]) \
        fi; \
        if \
        :: leads[i] && frame[i] == term[i] -> acks[i] = acks[i] | (1 << j) \
        :: else \
        fi }

#define ADOPT(j, i) :: d_step { term[i] > term[j] -> term[j] = term[i]; voted[j] = NOBODY; STAND_DOWN(j) }

/* Who asks or grants in a higher term does not lead in the one that the voter is bound in. */
#define MOVED_ON(j, i) \
    :: d_step { bound_to[j] == i + 1 && voted[i] != NOBODY && term[i] > bound_term[j] -> RELEASE(j) }

#define PASS(i) \
        boot[i] = (boot[i] > 0 -> boot[i] - 1 : 0); \
        age[i] = (age[i] < LEASE -> age[i] + 1 : LEASE); \
        if \
        :: bond[i] > 1 -> bond[i] = bond[i] - 1 \
        :: else -> RELEASE(i) \
        fi; \
        if \
        :: lease[i] == 1 -> RESIGN_OF(i); STAND_DOWN(i) \
        :: lease[i] > 1 -> lease[i] = lease[i] - 1 \
        :: else \
        fi

#ifdef ONE_CLOCK
#define TICK(i) :: d_step { i == 0 -> PASS(0); PASS(1); PASS(2) }
#else
#define TICK(i) \
    :: d_step { !ticked[i] -> \
        ticked[i] = 1; \
        PASS(i); \
        if \
        :: ticked[0] && ticked[1] && ticked[2] -> ticked[0] = 0; ticked[1] = 0; ticked[2] = 0 \
        :: else \
        fi }
#endif

#define CRASH(i) \
    :: d_step { crashes < CRASHES -> \
        crashes++; \
        vote_floor[i] = vote_last[i]; \
        term[i] = 0; \
        voted[i] = NOBODY; \
        STAND_DOWN(i); \
        RELEASE(i); \
        boot[i] = BOOT }

#if RESIGNS
#define RESIGN(i) \
    :: d_step { leads[i] -> \
        RESIGN_OF(i); \
        leads[i] = 0; \
        acks[i] = 0; \
        lease[i] = (BROKEN == RESIGN_AND_ACT -> lease[i] : 0) }
#define HEAR_RESIGN(j, i) \
    :: d_step { bond[j] > 0 && bound_to[j] == i + 1 && resigned[bound_term[j]] == i + 1 -> RELEASE(j) }
/* i resigns in favour of j. */
#define HAND_OVER(j, i) \
    :: d_step { leads[i] && term[j] <= term[i] -> \
        transfer[j] = term[i]; \
        RESIGN_OF(i); \
        STAND_DOWN(i) }
#else
#define RESIGN(i)
#define HEAR_RESIGN(j, i)
#define HAND_OVER(j, i)
#endif

#define ALONE(i) CAMPAIGN(i) WIN(i) SEND(i) TICK(i) CRASH(i) RESIGN(i)
#define HEARS(j, i) VOTE(j, i) HEAR(j, i) ADOPT(j, i) MOVED_ON(j, i) HEAR_RESIGN(j, i) HAND_OVER(j, i)

active proctype cluster() {
    do
    ALONE(0)
    ALONE(1)
    ALONE(2)
    HEARS(0, 1)
    HEARS(0, 2)
    HEARS(1, 0)
    HEARS(1, 2)
    HEARS(2, 0)
    HEARS(2, 1)
    od
}
