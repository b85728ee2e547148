# SPDX-License-Identifier: Apache-2.0
"""The order of hand-overs: a function of seed, number and networks alone.

Each network has four pods of three StatefulSets and two addresses that nobody
has.  In a hand-over one pod (the giver) gets another address, and another one
(the taker) the address that the giver had.  All of it is decided here, before
anything runs: who, when, and what the CNI controller or the operator does
meanwhile.  What the processes make of it in time cannot be repeated.
"""

import random
import zlib

# Pods as (StatefulSet, ordinal).
PODS = [("a", 0), ("b", 0), ("b", 1), ("c", 0)]
FREE = 2


def address(network, n):
    return "10.%d.0.%d" % (network, 10 + n)


class HandOver:
    """'moves' are (pod, old address, new address), the giver's first.  Times
    are in seconds after the beginning."""

    def __init__(self, chance, number, network, has, free):
        self.number = number
        self.network = network
        giver, taker = self.choose(chance)
        # An exchange hands two addresses over, and none is free meanwhile.
        self.exchange = chance.random() < 0.15
        address_of_giver, address_of_taker = has[giver], has[taker]
        if self.exchange:
            to_giver = address_of_taker
        else:
            to_giver = free.pop(chance.randrange(len(free)))
            free.append(address_of_taker)
        self.moves = [(giver, address_of_giver, to_giver),
                      (taker, address_of_taker, address_of_giver)]
        for pod, _, new in self.moves:
            has[pod] = new
        # When template and pod of each go, and how long there is no pod.
        self.starts = [chance.choice([0, 0, 0.3]),
                       chance.choice([0, 0.1, 0.3, 0.6, 1])]
        self.gaps = [chance.choice([0, 0.1, 0.5, 1]) for _ in self.moves]
        # The new pod does not wait until OVN has let go of the old one's
        # interface, as it would where the kubelet is in order.
        self.early = [chance.random() < 0.2 for _ in self.moves]
        # The row is made anew; between its end and its new beginning there is
        # some time.
        self.anew = [chance.choice([None, None, 0, 0.05])
                     for _ in self.moves]
        # How long the CNI takes for the port, and for the interface.
        self.port_delay = [chance.choice([0, 0.02, 0.2]) for _ in self.moves]
        self.plug_delay = [chance.choice([0, 0.1, 0.3, 0.5])
                           for _ in self.moves]
        # The controller gives the address away although a port whose pod is
        # gone has it.
        self.hasty = not self.exchange and chance.random() < 0.1

    @staticmethod
    def choose(chance):
        """Two pods of different StatefulSets: a StatefulSet cannot exchange
        addresses among its own."""
        while True:
            giver, taker = chance.sample(PODS, 2)
            if giver[0] != taker[0]:
                return giver, taker

    def __str__(self):
        return "%d: net%d %s%s%s; at %s, gaps %s, rows anew %s" % (
            self.number, self.network, ", ".join(
                "%s-%d %s -> %s" % (pod + (old, new))
                for pod, old, new in self.moves),
            " (exchange)" if self.exchange else "",
            " (hasty)" if self.hasty else "",
            self.starts, self.gaps, self.anew)


class Crash:
    """After the hand-over with that number has begun, and a little time."""

    def __init__(self, chance, number):
        self.number = number
        self.delay = chance.random() * 0.8
        self.down = chance.choice([0, 0, 0.1, 0.5, 1.5])
        # Now and then it ends as an operator ends it.
        self.orderly = chance.random() < 0.1
        # Of two instances, which; taken modulo their number.
        self.instance = chance.randrange(2)

    def __str__(self):
        return "%s %d in %d + %.3f s, for %.1f s" % (
            "stop" if self.orderly else "kill -9", self.instance, self.number,
            self.delay, self.down)


class Order:
    def __init__(self, seed, count, networks, crashes):
        chance = random.Random("%d" % seed)
        self.networks = networks
        self.first = {}         # Network to {pod: address}, at the beginning.
        self.hand_overs = []
        state = {}
        for network in range(networks):
            has = {pod: address(network, n) for n, pod in enumerate(PODS)}
            self.first[network] = dict(has)
            state[network] = has, [address(network, len(PODS) + n)
                                   for n in range(FREE)]
        for number in range(count):
            network = chance.randrange(networks)
            self.hand_overs.append(
                HandOver(chance, number, network, *state[network]))
        self.crashes = sorted((Crash(chance, chance.randrange(count))
                               for _ in range(crashes if count else 0)),
                              key=lambda c: (c.number, c.delay))
        self.last = {network: has for network, (has, _) in state.items()}

    def lines(self):
        return ([str(h) for h in self.hand_overs]
                + [str(c) for c in self.crashes])

    def digest(self):
        return "%08x" % zlib.crc32("\n".join(self.lines()).encode())
