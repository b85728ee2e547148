# SPDX-License-Identifier: Apache-2.0
"""JSON-RPC over Unix sockets: control sockets and ovsdb-server."""

import json
import os
import socket
import time

# Long enough for a busy machine; what takes so long has failed.
TIMEOUT_S = 900


class Failure(Exception):
    """The benchmark cannot go on; the text says why."""


def connect(path):
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(TIMEOUT_S)
    # Its name may be longer than sun_path.
    fd = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY)
    try:
        sock.connect("/proc/self/fd/%d/%s" % (fd, os.path.basename(path)))
    finally:
        os.close(fd)
    return sock


class Rpc:
    """A connection for one request at a time.  Notifications that come in
    between are kept for next_notice()."""

    decoder = json.JSONDecoder()

    def __init__(self, path):
        self.socket = connect(path)
        self.chunks = []
        self.notices = []
        self.n_bytes = 0        # Received.
        self.next_id = 0

    def messages(self, timeout=TIMEOUT_S):
        """Waits for data and returns the messages that it completes.  None
        may come of it; the caller asks again."""
        self.socket.settimeout(max(timeout, 0.0001))
        try:
            data = self.socket.recv(1 << 20)
        except TimeoutError:
            return []
        if not data:
            raise ConnectionError("connection closed")
        self.n_bytes += len(data)
        self.chunks.append(data)
        # A long message is not looked at again with each piece of it.
        if not data.rstrip().endswith(b"}"):
            return []
        text = b"".join(self.chunks).decode()
        found, at = [], 0
        while at < len(text):
            try:
                message, at = self.decoder.raw_decode(text, at)
            except ValueError:
                break
            found.append(message)
            while at < len(text) and text[at].isspace():
                at += 1
        self.chunks = [text[at:].encode()] if at < len(text) else []
        return found

    def send(self, message):
        self.socket.settimeout(TIMEOUT_S)
        self.socket.sendall(json.dumps(message).encode())

    def call(self, method, params):
        self.next_id += 1
        request_id = self.next_id
        self.send({"id": request_id, "method": method, "params": params})
        result = None
        done = False
        deadline = time.monotonic() + TIMEOUT_S
        while not done:
            if time.monotonic() > deadline:
                raise Failure("%s: no answer" % method)
            for message in self.messages():
                if "method" in message:
                    self.note(message)
                elif message["id"] == request_id:
                    if message.get("error") is not None:
                        raise Failure("%s: %s" % (method, message["error"]))
                    result = message["result"]
                    done = True
        return result

    def note(self, message):
        if message["method"] == "echo":
            self.send({"id": message["id"], "error": None,
                       "result": message["params"]})
        else:
            self.notices.append(message)

    def next_notice(self, timeout):
        """Returns the next notification, or None after 'timeout' seconds."""
        deadline = time.monotonic() + timeout
        while not self.notices:
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            for message in self.messages(left):
                if "method" in message:
                    self.note(message)
        return self.notices.pop(0)

    def close(self):
        self.socket.close()


class Database(Rpc):
    def __init__(self, path, name):
        super().__init__(path)
        self.name = name

    def transact(self, operations):
        results = self.call("transact", [self.name] + operations)
        for result in results:
            if result and result.get("error"):
                raise Failure("%s: %s" % (self.name, json.dumps(result)))
        return results

    def select(self, table, where, columns):
        return self.transact([{"op": "select", "table": table,
                               "where": where, "columns": columns}])[0]["rows"]

    def update(self, table, where, row):
        self.transact([{"op": "update", "table": table, "where": where,
                        "row": row}])

    def monitor(self, table, columns, where=None, initial=False):
        """Asks for notifications of changed rows of a table.  Returns what is
        there, {uuid: {"initial": row}}."""
        request = {"columns": columns, "select": {"initial": initial}}
        if where is not None:
            request["where"] = where
        found = self.call("monitor_cond", [self.name, [self.name, table],
                                           {table: [request]}])
        return found.get(table, {})

    def next_update(self, timeout):
        """Returns {table: {uuid: {kind: row}}}, or None after 'timeout'."""
        notice = self.next_notice(timeout)
        return notice["params"][1] if notice else None


def ovsdb_set(value):
    """The elements of a column as ovsdb-server writes it."""
    if isinstance(value, list) and value[0] == "set":
        return value[1]
    return [value]


def ask(ctl, command, *args):
    """The reply of a control command; a new connection each time, as
    ovn-appctl makes one."""
    rpc = Rpc(ctl)
    try:
        return rpc.call(command, list(args))
    finally:
        rpc.close()
