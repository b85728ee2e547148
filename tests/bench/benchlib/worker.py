# SPDX-License-Identifier: Apache-2.0
"""What goes on beside a measurement."""

import threading

from .rpc import Failure


class Worker(threading.Thread):
    """Does its work() again and again, over a connection of its own, until
    end(), which raises what went wrong.  To be used in a with statement, or
    to be ended by hand."""

    def __init__(self, connection):
        super().__init__(daemon=True)
        self.connection = connection
        self.ending = threading.Event()
        self.error = None

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        try:
            self.end()
        except (Failure, OSError):
            # The first error is the one to tell.
            if kind is None:
                raise

    def work(self):
        raise NotImplementedError

    def run(self):
        try:
            while not self.ending.is_set():
                self.work()
        except (Failure, OSError) as e:
            self.error = e

    def end(self):
        self.ending.set()
        self.join()
        self.connection.close()
        if self.error:
            raise self.error
