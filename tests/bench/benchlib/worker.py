# SPDX-License-Identifier: Apache-2.0
"""What goes on beside a measurement."""

import threading


class Worker(threading.Thread):
    """Does its work() again and again, over a connection of its own, until
    end(), which raises what went wrong with the connection."""

    def __init__(self, connection):
        super().__init__(daemon=True)
        self.connection = connection
        self.ending = threading.Event()
        self.error = None

    def work(self):
        raise NotImplementedError

    def run(self):
        try:
            while not self.ending.is_set():
                self.work()
        except OSError as e:
            self.error = e

    def end(self):
        self.ending.set()
        self.join()
        self.connection.close()
        if self.error:
            raise self.error
