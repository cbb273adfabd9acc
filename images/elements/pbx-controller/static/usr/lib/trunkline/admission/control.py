"""Answers `/usr/lib/trunkline/bans` on a socket that only root may use: one line of JSON, and one back."""
import asyncio
import json
import os

LONGEST = 1024
# Seconds that a client may take.
PATIENCE = 5.0


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
            async with asyncio.timeout(PATIENCE):
                order = json.loads(await reader.readline())
                if order["do"] == "bans":
                    answer = self.bans()
                elif order["do"] == "lift":
                    answer = self.lift(str(order["source"]), order["account"])
                else:
                    raise ValueError("this is no order")
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
        except (OSError, TimeoutError, ValueError, KeyError, TypeError):
            pass  # the client sees a connection without an answer
        finally:
            writer.close()
