"""Runs inside the Fence: `python -I -S forwarder.py SOCKET PORT,… COMMAND…`.

Listens on the Fence's own loopback and passes each connection on to the socket of the proxy, which stands
outside: as it is from the first port, and from each other one as a tunnel to that port of the user's machine.
Then becomes the command; what listens is no child of it, so that a command which waits for all its children
does not wait for that. Ends with the Fence. Imports what is quick to import.
"""

import os
import select
import socket
import sys
import threading

TUNNEL = b"CONNECT localhost:%d HTTP/1.1\r\nHost: localhost:%d\r\n\r\n"


def main(argv: "list[str]") -> None:
    """Listen, then become the command."""
    door, ports, command = argv[0], [int(port) for port in argv[1].split(",")], argv[2:]
    listeners = {}
    for port in ports:
        one = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            one.bind(("127.0.0.1", port))
        except PermissionError:
            continue  # one of the system's own ports
        one.listen(64)
        listeners[one.fileno()] = (one, b"" if port == ports[0] else TUNNEL % (port, port))
    between = os.fork()
    if between:
        os.waitpid(between, 0)
        os.execv(command[0], command)  # noqa: S606 — the command line is the Fence's own
    if os.fork():
        os._exit(0)
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    for handle in range(3):
        os.dup2(nothing, handle)
    waiting = select.poll()
    for handle in listeners:
        waiting.register(handle, select.POLLIN)
    while True:
        for handle, _ in waiting.poll():
            listener, hello = listeners[handle]
            near, _ = listener.accept()
            threading.Thread(target=_serve, args=(near, door, hello), daemon=True).start()


def _serve(near: socket.socket, door: str, hello: bytes) -> None:
    far = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        far.connect(door)
        if hello:
            far.sendall(hello)
            said = b""
            while not said.endswith(b"\r\n\r\n"):
                byte = far.recv(1)
                if not byte:
                    raise OSError
                said += byte
            if b" 200 " not in said[:16]:
                raise OSError
    except OSError:
        far.close()
        near.close()
        return
    back = threading.Thread(target=_pass_on, args=(far, near), daemon=True)
    back.start()
    _pass_on(near, far)
    back.join()
    near.close()
    far.close()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    try:
        while True:
            data = source.recv(65_536)
            if not data:
                break
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


if __name__ == "__main__":
    main(sys.argv[1:])
