#!/usr/bin/env python3
"""A small client of the classic protocol, written from its description, for tests.

It shows the habits of other people's clients by option: packet mode, big-endian integers, a payload
size that was never set. Its state is a JSON file; what it receives is printed as JSON lines.

    messageu.py --server HOST:PORT --state FILE [--packet] [--big-endian] [--careless] COMMAND ...

    register NAME · list · request-key NAME · send-key NAME · text NAME TEXT · file NAME PATH ·
    pull FOLDER
"""

import argparse
import json
import pathlib
import secrets
import socket
import struct
import sys

import weak_crypto as crypto

PACKET = 1024


class Server:
    """One request, one answer, over one connection or over one per request."""

    def __init__(self, options):
        host, port = options.server.rsplit(":", 1)
        self.address, self.options, self.kept = (host, int(port)), options, None
        self.order = ">" if options.big_endian else "<"

    def ask(self, client, code, payload=b""):
        size = len(payload)
        if self.options.packet and code == 602:
            size = 0
        if self.options.careless and code == 603:
            size = 0x8130008B
        frame = client + struct.pack(self.order + "BHI", 2, code, size) + payload
        if self.options.packet:
            frame += bytes(-len(frame) % PACKET)
            with socket.create_connection(self.address, timeout=20) as connection:
                connection.sendall(frame)
                return self.read(connection, lambda: exactly(connection, PACKET))
        if self.kept is None:
            self.kept = socket.create_connection(self.address, timeout=20)
        self.kept.sendall(frame)
        return self.read(self.kept, lambda: exactly(self.kept, 1))

    def read(self, connection, more):
        data = b""
        while len(data) < 7:
            data += more()
        version, code, size = struct.unpack(self.order + "BHI", data[:7])
        if version > 2:
            sys.exit(f"the server has version {version}")
        while len(data) < 7 + size:
            data += more() if self.options.packet else exactly(connection, 7 + size - len(data))
        if not self.options.packet and len(data) > 7 + size:
            sys.exit("the answer is longer than it says")
        return code, data[7 : 7 + size]


def exactly(connection, count):
    data = b""
    while len(data) < count:
        piece = connection.recv(count - len(data))
        if not piece:
            sys.exit(f"the server closed the connection after {len(data)} of {count} bytes")
        data += piece
    return data


class Client:
    def __init__(self, options):
        self.path = pathlib.Path(options.state)
        self.state = json.loads(self.path.read_text()) if self.path.exists() else {}
        self.server = Server(options)

    def save(self):
        self.path.write_text(json.dumps(self.state))

    @property
    def id(self):
        return bytes.fromhex(self.state["id"])

    def expect(self, wanted, client, code, payload=b""):
        code, answer = self.server.ask(client, code, payload)
        if code != wanted:
            print("server responded with an error")
            sys.exit(9 if code == 9000 and not answer else 8)
        return answer

    def register(self, name):
        modulus, private = crypto.generate()
        spki = crypto.to_spki(modulus)
        assert len(spki) == 160
        field = name.encode().ljust(255, b"\0")
        answer = self.expect(2100, bytes(16), 600, field + spki)
        assert len(answer) == 16 and 0 not in answer
        self.state = {"id": answer.hex(), "n": hex(modulus), "d": hex(private), "keys": {}}
        self.save()

    def list(self):
        answer = self.expect(2101, self.id, 601)
        assert len(answer) % 271 == 0
        records = [answer[i : i + 271] for i in range(0, len(answer), 271)]
        return {r[16:].split(b"\0")[0].decode(): r[:16] for r in records}

    def find(self, name):
        return self.list()[name]

    def send(self, to, kind, content):
        head = to + struct.pack(self.server.order + "BI", kind, len(content))
        answer = self.expect(2103, self.id, 603, head + content)
        assert answer[:16] == to and len(answer) == 20

    def request_key(self, name):
        self.send(self.find(name), 1, b"")

    def send_key(self, name):
        to = self.find(name)
        answer = self.expect(2102, self.id, 602, to)
        assert answer[:16] == to and len(answer) == 176
        key = secrets.token_bytes(16)
        self.send(to, 2, crypto.rsa_encrypt(crypto.from_spki(answer[16:]), key))
        self.state["keys"][to.hex()] = key.hex()
        self.save()

    def key(self, client):
        return bytes.fromhex(self.state["keys"][client.hex()])

    def text(self, name, text):
        to = self.find(name)
        self.send(to, 3, crypto.aes_encrypt(self.key(to), text.encode()))

    def file(self, name, path):
        to = self.find(name)
        content = pathlib.Path(path).read_bytes()
        self.send(to, 4, crypto.aes_encrypt(self.key(to), content))

    def pull(self, folder):
        names = {client: name for name, client in self.list().items()}
        answer = self.expect(2104, self.id, 604)
        while answer:
            sender, answer = answer[:16], answer[16:]
            number, kind, size = struct.unpack(self.server.order + "IBI", answer[:9])
            content, answer = answer[9 : 9 + size], answer[9 + size :]
            assert len(content) == size
            said = {"from": names[sender], "type": kind}
            if kind == 2:
                n, d = int(self.state["n"], 16), int(self.state["d"], 16)
                self.state["keys"][sender.hex()] = crypto.rsa_decrypt(n, d, content).hex()
                self.save()
            elif kind == 3:
                said["text"] = crypto.aes_decrypt(self.key(sender), content).decode()
            elif kind == 4:
                path = pathlib.Path(folder) / f"{number}"
                path.write_bytes(crypto.aes_decrypt(self.key(sender), content))
                said["path"] = str(path)
            print(json.dumps(said))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", required=True)
    parser.add_argument("--state", required=True)
    for habit in ("--packet", "--big-endian", "--careless"):
        parser.add_argument(habit, action="store_true")
    parser.add_argument("command")
    parser.add_argument("arguments", nargs="*")
    options = parser.parse_args()
    result = getattr(Client(options), options.command.replace("-", "_"))(*options.arguments)
    if options.command == "list":
        print(json.dumps(sorted(result)))


if __name__ == "__main__":
    main()
