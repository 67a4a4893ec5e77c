# SPDX-License-Identifier: Apache-2.0
"""delay.py PORT MS: a network between here and PORT of this machine, on which everything takes so many milliseconds.

Prints the port to connect to instead. 0: no network at all, but the same way through this program.
"""

import socket
import sys
import threading
import time


def carry(source, target, seconds):
    try:
        while data := source.recv(1 << 20):
            time.sleep(seconds)
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        source.close()
        target.close()


def main(port, milliseconds):
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        near, _ = listener.accept()
        far = socket.create_connection(("127.0.0.1", int(port)))
        for one, other in ((near, far), (far, near)):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=carry, args=(one, other, float(milliseconds) / 1000), daemon=True).start()


main(*sys.argv[1:])
