"""Runs inside the Fence: `python -I -S forwarder.py SOCKET PORT,… COMMAND…`.

Listens on the Fence's own loopback and passes each connection on to the socket of the proxy, which stands
outside: as it is from the first port, and from each other one as a tunnel to that port of the user's machine.
Then becomes the command; what listens is no child of it, so that a command which waits for all its children
does not wait for that. It ends with the Fence. Before the command nothing is imported that takes long: with
`socket` and `threading` each one would start some 20 ms later.
"""

import _signal  # type: ignore[import-not-found]  # typeshed has none; `signal` takes long
import _socket
import os
import select
import sys

TUNNEL = b"CONNECT localhost:%d HTTP/1.1\r\nHost: localhost:%d\r\n\r\n"


def main(argv: "list[str]") -> None:
    """Listen, then become the command."""
    door, ports, command = argv[0], [int(port) for port in argv[1].split(",")], argv[2:]
    doors = {}
    for port in ports:
        one = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
        try:
            one.bind(("127.0.0.1", port))
        except PermissionError:
            continue  # one of the system's own ports
        one.listen(64)
        doors[one.detach()] = b"" if port == ports[0] else TUNNEL % (port, port)
    between = os.fork()
    if between:
        os.waitpid(between, 0)
        for sign in (_signal.SIGPIPE, _signal.SIGXFSZ):  # Python ignores them, programs expect them
            _signal.signal(sign, _signal.SIG_DFL)
        os.execv(command[0], command)  # noqa: S606 — the command line is the Fence's own
    if os.fork():
        os._exit(0)
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    for handle in range(3):
        os.dup2(nothing, handle)
    _listen(door, doors)


def _listen(door: str, doors: "dict[int, bytes]") -> None:
    """Serve listening sockets, each with what its connections tell the proxy first."""
    import socket
    from threading import Thread

    def serve(near: socket.socket, hello: bytes) -> None:
        far = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with near, far:
            try:
                far.connect(door)
                if hello:
                    far.sendall(hello)
                    _expect_welcome(far)
            except OSError:
                return
            back = Thread(target=pass_on, args=(far, near), daemon=True)
            back.start()
            pass_on(near, far)
            back.join()

    def pass_on(source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65_536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    listeners = {handle: socket.socket(fileno=handle) for handle in doors}
    waiting = select.poll()
    for handle in listeners:
        waiting.register(handle, select.POLLIN)
    while True:
        for handle, _ in waiting.poll():
            near, _ = listeners[handle].accept()
            Thread(target=serve, args=(near, doors[handle]), daemon=True).start()


def _expect_welcome(far: "_socket.socket") -> None:
    """Read the proxy's answer to a tunnel. Raises OSError if it opens none."""
    said = b""
    while not said.endswith(b"\r\n\r\n"):
        byte = far.recv(1)
        if not byte:
            raise OSError
        said += byte
    if b" 200 " not in said[:16]:
        raise OSError


if __name__ == "__main__":
    main(sys.argv[1:])
