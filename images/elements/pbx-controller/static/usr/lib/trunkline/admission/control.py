"""Answers requests of `/usr/lib/trunkline/bans`. Only root and this service's own user may use the socket.

A request is a line of JSON, and so is an answer.
"""
import asyncio
import json
import os

# Largest number of bytes of a request.
LONGEST = 1024
# Largest number of seconds for a request and its answer.
TIMEOUT = 5.0


class Control:
    def __init__(self, bans, lift):
        self.bans, self.lift = bans, lift

    async def serve(self, path):
        if os.path.exists(path):
            os.unlink(path)
        await asyncio.start_unix_server(self._answer, path, limit=LONGEST)
        os.chmod(path, 0o600)

    async def _answer(self, reader, writer):
        try:
            async with asyncio.timeout(TIMEOUT):
                request = json.loads(await reader.readline())
                if request["do"] == "bans":
                    answer = self.bans()
                elif request["do"] == "lift":
                    answer = self.lift(str(request["source"]), request["account"])
                else:
                    raise ValueError("unknown request")
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
        except (OSError, TimeoutError, ValueError, KeyError, TypeError):
            pass  # the connection is closed without an answer
        finally:
            writer.close()
