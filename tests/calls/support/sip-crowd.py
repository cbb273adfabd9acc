"""Runs many SIP clients in one process: phones that register, idle connections, and clients that guess passwords.

Reads from standard input, as JSON:
  {"server": address, "seconds": number,
   "idle":     [{"source": address, "connections": number}],
   "guess":    [{"source": address, "accounts": [name], "guesses": number, "connections": number or 0 for
                 a new connection for each guess, "nonce": nonce to use instead of the server's, or null,
                 "after": seconds}],
   "register": [{"source": address, "account": name, "password": text, "after": seconds, "every": seconds}]}
A source is an address of this host. At the end, prints JSON with lists in the order of the input:
  {"idle": [{"opened", "shut"}],
   "guess": [{"tried", "answered"}],
   "register": [{"tried", "failed": [error and time]}]}
"""
import asyncio
import hashlib
import json
import random
import re
import resource
import sys
import time

PORT = 5060
# TIMEOUT: timeout of a connection attempt and of an answer, in seconds. PAUSE: mean pause of an idle client between the
# end of its connection and the next connection, in seconds.
TIMEOUT, PAUSE = 5.0, 5.0
# Seconds between a guess without an answer and the next guess.
GUESS_PAUSE = 0.02


def md5(*parts):
    return hashlib.md5(":".join(parts).encode()).hexdigest()


class Client:
    """SIP client with a connection from `source`."""

    def __init__(self, server, source):
        self.server, self.source = server, source
        self.reader = self.writer = None
        self.sequence = 0
        self.id = f"{random.getrandbits(64):x}"

    async def connect(self):
        async with asyncio.timeout(TIMEOUT):
            self.reader, self.writer = await asyncio.open_connection(
                self.server, PORT, local_addr=(self.source, 0))

    def close(self):
        if self.writer is not None:
            self.writer.close()
            self.writer = None

    def send(self, method, account, *headers):
        self.sequence += 1
        address = f"<sip:{account}@{self.server}>"
        lines = [
            f"{method} sip:{self.server} SIP/2.0",
            f"Via: SIP/2.0/TCP {self.source}:5060;branch=z9hG4bK{self.id}{self.sequence};rport",
            "Max-Forwards: 70", f"From: {address};tag={self.id}", f"To: {address}", f"Call-ID: {self.id}",
            f"CSeq: {self.sequence} {method}", f"Contact: <sip:{account}@{self.source}:5060;transport=tcp>",
            "Expires: 60", *headers, "Content-Length: 0",
        ]
        self.writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())

    async def answer(self):
        """Returns the final answer to the last request. Raises one of FAULTS if no answer comes."""
        async with asyncio.timeout(TIMEOUT):
            while True:
                message = (await self.reader.readuntil(b"\r\n\r\n")).decode(errors="replace")
                if re.match(r"SIP/2\.0 [2-6]", message) and f"CSeq: {self.sequence} " in message:
                    return message

    async def register(self, account, password, nonce=None):
        """Registers, and returns the status. If `nonce` is given, uses it instead of the server's nonce."""
        self.send("REGISTER", account)
        challenge = await self.answer()
        if not challenge.startswith("SIP/2.0 401"):
            return int(challenge[8:11])
        part = {name: value for name, value in re.findall(r'(\w+)="?([^",\r]*)', challenge)}
        part["nonce"] = nonce or part["nonce"]
        uri = f"sip:{self.server}"
        middle = [part["nonce"]] + (["00000001", "abc", "auth"] if "qop" in part else [])
        response = md5(md5(account, part["realm"], password), *middle, md5("REGISTER", uri))
        said = {"username": account, "realm": part["realm"], "nonce": part["nonce"], "uri": uri,
                "response": response, **({"opaque": part["opaque"]} if "opaque" in part else {})}
        rest = ', qop=auth, nc=00000001, cnonce="abc"' if "qop" in part else ""
        self.send("REGISTER", account, "Authorization: Digest "
                  + ", ".join(f'{name}="{value}"' for name, value in said.items()) + rest)
        return int((await self.answer())[8:11])


FAULTS = (OSError, EOFError, TimeoutError)


async def idle(server, end, source, result):
    while time.monotonic() < end:
        client = Client(server, source)
        try:
            await client.connect()
            client.send("OPTIONS", "nobody")
            result["opened"] += 1
            while time.monotonic() < end and await asyncio.wait_for(
                    client.reader.read(4096), max(0.01, end - time.monotonic())):
                pass
            result["shut"] += 1
        except FAULTS:
            pass
        client.close()
        await asyncio.sleep(PAUSE * (0.5 + random.random()))


async def guess(server, end, job, result):
    """Makes guesses of a job until none is left, or until `end`.

    Several calls of this function share a job. If the job's `connections` is 0, each guess has a new connection.
    Otherwise the connection is kept after an answer.
    """
    await asyncio.sleep(job["after"])
    client = None
    while time.monotonic() < end and result["tried"] < job["guesses"]:
        result["tried"] += 1
        account = job["accounts"][result["tried"] // 5 % len(job["accounts"])]
        try:
            if client is None:
                client = Client(server, job["source"])
                await client.connect()
            await client.register(account, f"wrong{result['tried']}", job.get("nonce"))
            result["answered"] += 1
            if job["connections"] > 0:
                continue
        except FAULTS:
            await asyncio.sleep(GUESS_PAUSE)
        client.close()
        client = None


async def register(server, end, job, result):
    await asyncio.sleep(job["after"])
    client, start = None, end
    while (begun := time.monotonic()) < end - TIMEOUT:
        start = min(start, begun)
        result["tried"] += 1
        try:
            if client is None:
                client = Client(server, job["source"])
                await client.connect()
            status = await client.register(job["account"], job["password"])
            if status != 200:
                raise OSError(f"status {status}")
        except FAULTS as error:
            result["failed"].append(f"{job['account']} after {begun - start:.1f} s: {error or type(error).__name__}")
            client.close()
            client = None
            await asyncio.sleep(1)
            continue
        await asyncio.sleep(job["every"])


async def main():
    order = json.load(sys.stdin)
    server, end = order["server"], time.monotonic() + order["seconds"]
    results = {
        "idle": [{"opened": 0, "shut": 0} for _ in order.get("idle", [])],
        "guess": [{"tried": 0, "answered": 0} for _ in order.get("guess", [])],
        "register": [{"tried": 0, "failed": []} for _ in order.get("register", [])],
    }
    tasks = []
    for job, result in zip(order.get("idle", []), results["idle"]):
        tasks += [idle(server, end, job["source"], result) for _ in range(job["connections"])]
    for job, result in zip(order.get("guess", []), results["guess"]):
        tasks += [guess(server, end, job, result) for _ in range(job["connections"] or 5)]
    tasks += [register(server, end, job, result)
              for job, result in zip(order.get("register", []), results["register"])]
    await asyncio.gather(*tasks)
    print(json.dumps(results))


_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
asyncio.run(main())
