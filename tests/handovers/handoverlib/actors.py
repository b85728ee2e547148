# SPDX-License-Identifier: Apache-2.0
"""Carries one hand-over out, as its order says."""

import threading
import time

from .world import Stopped, ips


class HandOverThread(threading.Thread):
    """One of the two pods that get another address."""

    def __init__(self, run, network, hand_over, which):
        super().__init__(daemon=True)
        self.state = run
        self.world = run.world
        self.network = network
        self.hand_over = hand_over
        self.which = which
        self.pod, self.old, self.new = hand_over.moves[which]
        self.error = None
        self.start()

    def run(self):
        try:
            self.move()
        except Exception as e:      # pylint: disable=broad-except
            self.error = e

    def wait(self, what, predicate):
        self.world.nb.wait("%s of %s: %s" % (
            what, self.network.port(self.pod), self.hand_over),
            predicate, self.state.stopped)

    def move(self):
        network, pod, which = self.network, self.pod, self.which
        hand_over = self.hand_over
        time.sleep(hand_over.starts[which])
        network.retarget(pod, self.new)
        with self.world.nb.news:
            network.promised.pop(pod, None)
        if not hand_over.early[which]:
            self.wait("the end of the old interface", self.is_down)
        time.sleep(hand_over.gaps[which])
        network.create_pod(pod)
        if self.world.mode == "guard":
            self.allocate()
        else:
            self.wait("the address", lambda: self.has(self.new))
        time.sleep(hand_over.plug_delay[which])
        network.plug(pod)
        self.wait("the end", self.is_done)

    def row(self):
        return self.network.row(self.pod)

    def has(self, address):
        row = self.row()
        return row is not None and ips(row) == {address}

    def is_down(self):
        row = self.row()
        return row is not None and row["up"] is not True

    def is_done(self):
        row = self.row()
        return (self.has(self.new) and row["up"] is True
                and row["enabled"] in (True, ["set", []]))

    def allocate(self):
        """The CNI controller's part.  Its IPAM gives an address to one pod at
        a time, and not while another port has it; a hasty one looks only at
        ports whose pods run."""
        network, hand_over = self.network, self.hand_over
        time.sleep(hand_over.port_delay[self.which])

        def acquire():
            others = network.others_with(self.pod, self.new)
            if hand_over.hasty and self.which:
                gone = [other for other in others
                        if other not in network.plugged
                        and other not in network.promised]
                if gone and gone == others:
                    self.state.witness.announce(network.switch, self.new)
                    others = []
            if others:
                return False
            network.promised[self.pod] = self.new
            return True

        self.wait("an address for the port", acquire)
        network.write_port(self.pod, hand_over.anew[self.which])
        network.annotate(self.pod, allocated="true", ip_address=self.new,
                         mac_address=network.mac(self.pod),
                         logical_switch=network.switch)


class NetworkThread(threading.Thread):
    """The hand-overs of one network, one after the other."""

    def __init__(self, run, network, hand_overs):
        super().__init__(daemon=True)
        self.state = run
        self.network = network
        self.hand_overs = hand_overs
        self.start()

    def run(self):
        for hand_over in self.hand_overs:
            if self.state.stopped.is_set():
                return
            self.state.begin(hand_over)
            both = [HandOverThread(self.state, self.network, hand_over, i)
                    for i in range(len(hand_over.moves))]
            for one in both:
                one.join()
            for one in both:
                if one.error is not None:
                    if not isinstance(one.error, Stopped):
                        self.state.fail(str(one.error) or repr(one.error))
                    return
            self.state.finish(hand_over)
