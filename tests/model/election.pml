/*
 * Election safety of the cluster without a write per vote: the term-floor reservation.
 *
 * A voter remembers nothing across a restart but a stored ceiling: it votes in no term above it, and after a
 * restart in none up to it. Messages are facts that stay on the wire: a request or a grant may arrive late, twice,
 * out of order or never. Time is left out, so every timing is covered; the lease, which needs time, is in lease.pml.
 *
 * Compile-time choices: N voters, terms 1..TERM_LAST, CRASHES in all. STORE_AT_ONCE lets a
 * voter know of its store in the same step, for a smaller search. PLAN adds one plan per term and its commit.
 * BROKEN spoils one rule (0: none); the run must then find two leaders in a term, or a lost plan.
 */
#ifndef N
#define N 3
#endif
#ifndef TERM_LAST
#define TERM_LAST 3
#endif
#ifndef CRASHES
#define CRASHES 2
#endif
#ifndef BROKEN
#define BROKEN 0
#endif
#define VOTE_FORGOTTEN 1   /* a restart forgets the vote and keeps the term; there is no floor */
#define ALL_FORGOTTEN 2    /* a restart forgets vote and term; there is no floor */
#define CEILING_EARLY 3    /* a voter counts on a ceiling whose store has not finished */
#define FLOOR_FOR_OTHERS 4 /* a candidate does not hold itself to its own floor */
#define SECOND_VOTE 5      /* a voter grants whoever asks, again and again */
#define ANY_PLAN 6         /* a voter does not ask for a plan as new as its own (PLAN) */

#define QUORUM (N / 2 + 1)
#define NOBODY 0

byte term[N];
byte voted[N];      /* in term[i]: candidate + 1 */
byte vote_floor[N];
byte stored[N];     /* what the storage holds; a torn write leaves the old value, as the two slots do */
#ifdef STORE_AT_ONCE
#define CEILING(i) stored[i]
#define KNOW_STORED(i) skip
#else
byte ceiling[N];    /* what the voter knows to be stored */
#define CEILING(i) ceiling[i]
#define KNOW_STORED(i) ceiling[i] = stored[i]
#endif
short granted[N];   /* bit of (i, t): this voter granted i in term t; its grant to itself is its request */
byte crashes;
hidden byte k;
hidden byte count;

#define BIT(i, t) (1 << (3 * (i) + (t) - 1))
#define GRANTED(j, i, t) ((granted[j] >> (3 * (i) + (t) - 1)) & 1)
#if N == 3
#define GRANTS(i, t) (GRANTED(0, i, t) + GRANTED(1, i, t) + GRANTED(2, i, t))
#define HAS_RIVAL(i, t) ((i != 0 && GRANTS(0, t) >= QUORUM) || (i != 1 && GRANTS(1, t) >= QUORUM) || \
                         (i != 2 && GRANTS(2, t) >= QUORUM))
#else
#define GRANTS(i, t) (GRANTED(0, i, t) + GRANTED(1, i, t) + GRANTED(2, i, t) + GRANTED(3, i, t))
#define HAS_RIVAL(i, t) ((i != 0 && GRANTS(0, t) >= QUORUM) || (i != 1 && GRANTS(1, t) >= QUORUM) || \
                         (i != 2 && GRANTS(2, t) >= QUORUM) || (i != 3 && GRANTS(3, t) >= QUORUM))
#endif
#define IS_CANDIDATE(i) (voted[i] == i + 1)
#define IS_FLOOR_KEPT (BROKEN != VOTE_FORGOTTEN && BROKEN != ALL_FORGOTTEN)
#define USABLE(i) (BROKEN == CEILING_EARLY -> TERM_LAST : CEILING(i))
#define BASE(i) (term[i] >= vote_floor[i] || BROKEN == FLOOR_FOR_OTHERS -> term[i] : vote_floor[i])

/* All nodes begin alike, so they may be numbered in the order in which each stands for the first time. */
#define BEFORE(i) ((i + N - 1) % N)
#define IS_NEXT(i) (i == 0 || ((granted[BEFORE(i)] >> (3 * BEFORE(i))) & 7))

/* A candidate asks in the next term above all that it knows, and grants its own request. */
#define CAMPAIGN(i) \
    :: d_step { BASE(i) < TERM_LAST && BASE(i) < USABLE(i) && IS_NEXT(i) -> \
        term[i] = BASE(i) + 1; \
        voted[i] = i + 1; \
        granted[i] = granted[i] | BIT(i, term[i]) }

#ifdef STORE_AT_ONCE
#define STORE(i) \
    :: d_step { BASE(i) < TERM_LAST && stored[i] <= BASE(i) -> stored[i] = BASE(i) + 1 }
#else
/* A crash before the store changes nothing; one after it, before the voter knows, is the state between these two. */
#define STORE(i) \
    :: d_step { BASE(i) < TERM_LAST && stored[i] <= BASE(i) -> stored[i] = BASE(i) + 1 } \
    :: d_step { stored[i] != ceiling[i] -> KNOW_STORED(i) }
#endif

#define CRASH(i) \
    :: d_step { crashes < CRASHES -> \
        crashes++; \
        voted[i] = NOBODY; \
        term[i] = (BROKEN == VOTE_FORGOTTEN -> term[i] : 0); \
        vote_floor[i] = (IS_FLOOR_KEPT -> stored[i] : 0); \
        KNOW_STORED(i); \
        FORGET_PLAN(i) }

/* Any frame of i that carries its term, a heartbeat for one. */
#define ADOPT(j, i) :: d_step { term[i] > term[j] -> term[j] = term[i]; voted[j] = NOBODY }

#define VOTE(j, i, t) \
    :: d_step { GRANTED(i, i, t) && t >= term[j] && t > vote_floor[j] && t <= USABLE(j) && PLAN_SUFFICES(j, i) && \
       (t > term[j] || voted[j] == NOBODY || BROKEN == SECOND_VOTE) && !GRANTED(j, i, t) -> \
        term[j] = t; \
        voted[j] = i + 1; \
        granted[j] = granted[j] | BIT(i, t); \
        assert(!(IS_CANDIDATE(i) && term[i] == t && GRANTS(i, t) >= QUORUM && HAS_RIVAL(i, t))) }

#ifdef PLAN
byte winner[TERM_LAST + 1];
byte won_with[TERM_LAST + 1]; /* the plan that the winner had */
byte plan[N];                 /* the term of the plan applied: one plan a term stands for all of its versions */
byte acked[TERM_LAST + 1];    /* bit i: i applied the plan of that term and said so */
byte committed;               /* bit t: a quorum acked the plan of that term */
#define FORGET_PLAN(i) plan[i] = 0
#define PLAN_SUFFICES(j, i) (plan[i] >= plan[j] || BROKEN == ANY_PLAN)
#define IS_LEADER(i) (IS_CANDIDATE(i) && winner[term[i]] == i + 1)
#define WIN(i) \
    :: d_step { IS_CANDIDATE(i) && winner[term[i]] == NOBODY && GRANTS(i, term[i]) >= QUORUM -> \
        assert(!((committed & ((1 << term[i]) - 1)) >> (plan[i] + 1))); \
        winner[term[i]] = i + 1; \
        won_with[term[i]] = plan[i] } \
    :: d_step { IS_LEADER(i) && plan[i] < term[i] -> \
        plan[i] = term[i]; \
        acked[term[i]] = 1 << i }

#define APPLY(j, t) \
    :: d_step { acked[t] && t >= term[j] && t > plan[j] -> \
        voted[j] = (t > term[j] -> NOBODY : voted[j]); \
        term[j] = t; \
        plan[j] = t; \
        acked[t] = acked[t] | (1 << j); \
        count = 0; \
        for (k : 0 .. N - 1) { count = count + ((acked[t] >> k) & 1) } \
        committed = (count >= QUORUM -> committed | (1 << t) : committed); \
        for (k : 1 .. TERM_LAST) { \
            assert(count < QUORUM || k <= t || winner[k] == NOBODY || won_with[k] >= t) } \
        k = 0 }
#else
#define FORGET_PLAN(i) skip
#define PLAN_SUFFICES(j, i) true
#define WIN(i)
#define APPLY(j, t)
#endif

#if TERM_LAST > 2
#define APPLY_ALL(i) APPLY(i, 1) APPLY(i, 2) APPLY(i, 3)
#else
#define APPLY_ALL(i) APPLY(i, 1) APPLY(i, 2)
#endif
#define ALONE(i) CAMPAIGN(i) STORE(i) CRASH(i) WIN(i) APPLY_ALL(i)
#define HEARS(j, i) ADOPT(j, i) VOTE(j, i, 1) VOTE(j, i, 2) VOTE(j, i, 3)
#define PAIR(i, j) HEARS(i, j) HEARS(j, i)

active proctype cluster() {
    do
    ALONE(0)
    ALONE(1)
    ALONE(2)
    PAIR(0, 1)
    PAIR(0, 2)
    PAIR(1, 2)
#if N == 4
    ALONE(3)
    PAIR(0, 3)
    PAIR(1, 3)
    PAIR(2, 3)
#endif
    od
}
