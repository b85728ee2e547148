/* SPDX-License-Identifier: Apache-2.0 */

/* Known bugs for the simulation (tests/sim), which is to find each of them.
 *
 * Only the copy of the core that is built for tests/sim has them, and even
 * there all are off until one is switched on.  Everywhere else PLANTED() is
 * the constant false: build-aux/check-symbols sees to it that nothing of this
 * is in the objects of the daemon. */

#ifndef PLANT_H
#define PLANT_H 1

#ifdef IPGUARD_SIM

#define PLANTS                                                              \
    PLANT(RELEASE_EARLY, "a hold is released before SB is clean")           \
    PLANT(NO_VERIFY, "a write does not verify what it was decided upon")    \
    PLANT(PS_EMPTIED, "a sole entry of port_security is narrowed too")      \
    PLANT(UID_IGNORED, "a new pod of the same name is taken for the old")   \
    PLANT(TRUST_IGNORED, "a source with a problem is read as complete")     \
    PLANT(CLEAR_FIRST, "the hold is written after the clear")               \
    PLANT(GATE_FORGOTTEN, "a gate is not opened when its hold ends")        \
    PLANT(KEEPER_GATED, "a port that runs with the address is gated")       \
    PLANT(OLD_INTENT, "an intent found at start is executed")               \
    PLANT(CHASSIS_AT_B1, "chassis are counted at the first barrier")        \
    PLANT(PREFIX_MATCH, "addresses are compared by their beginning")        \
    PLANT(CLOCK_JUMP, "a jump of the wall clock shortens a hold")           \
    PLANT(NO_SETTLE, "the first observation is enough for a clear")         \
    PLANT(NO_LIVE_READ, "a clear goes without a live read")                 \
    PLANT(OWNER_HELD, "an owner is held by its own address")                \
    PLANT(FREEZE_IGNORED, "frozen, writes go on")                           \
    PLANT(BOUND_IGNORED, "a bound port is cleared")                         \
    PLANT(STICKY_STALE, "an owner without address by name is stale")        \
    PLANT(HOLD_FORGOTTEN, "a hold that was not stored is lost at a restart") \
    PLANT(WHOLE_PORT, "a clear takes the other family, too")                \
    PLANT(STANDBY_WRITES, "an instance writes without the locks")           \
    PLANT(REPEATED_BUMP, "barriers are taken without an interval")          \
    PLANT(OPEN_ANYWAY, "a gate is opened while the address is elsewhere")   \
    PLANT(JOURNAL_LOST, "an action is not written down")                    \
    PLANT(ROLLBACK_UNSEEN, "nb_cfg that goes back is accepted")             \
    PLANT(GATES_TOGETHER, "two gates of one address are opened at once")    \
    PLANT(ONE_REVISION, "one revision of a rollout is taken for both")      \
    PLANT(BRAKE_FORGOTTEN, "the brake is forgotten over a restart")         \
    PLANT(NB_BARRIER, "a barrier is looked for in NB")                      \
    PLANT(NO_START_BARRIER, "there is no barrier at the start")             \
    PLANT(SB_NOT_AWAITED, "what SB has not told is taken for absent")       \
    PLANT(NO_LOOK_BACK, "nobody looks at the owner again after a clear")    \
    PLANT(LIST_AS_EMPTY, "what a broken-off list lacks is taken for gone") \
    PLANT(TAKER_OPEN, "a port that takes a held address is left open")      \
    PLANT(DUPLICATE_UNTOLD, "a duplicate beside a gate is not told of")     \
    PLANT(HELD_LET_IN, "a pod that asks for a held address is let in")      \
    PLANT(RESERVE_FORGOTTEN, "a reservation outlives its hold")             \
    PLANT(LEFT_UNHELD, "what leaves a port by another hand is not held")    \
    PLANT(OPT_OUT_IGNORED, "a pod that has opted out is judged all the same")

enum planted_bug {
    BUG_NONE,
#define PLANT(ENUM, TEXT) BUG_##ENUM,
    PLANTS
#undef PLANT
    N_PLANTED_BUGS
};

extern int sim_planted;         /* enum planted_bug. */
#define PLANTED(BUG) (sim_planted == BUG_##BUG)

#else /* !IPGUARD_SIM */

#define PLANTED(BUG) false

#endif /* !IPGUARD_SIM */

#endif /* plant.h */
