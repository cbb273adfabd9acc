"""Writes records, as a line of JSON each, to the journal and to a file that logrotate rotates."""
import json
import logging.handlers
import sys
import time

# Largest number of records in a burst, and of records per second after a burst. So a flood cannot fill the disk.
BURST, RATE = 1000, 50.0


class Records:
    def __init__(self, path):
        self.path = path
        self.file = None
        self.room, self.at = float(BURST), time.monotonic()
        self.left_out = 0

    def write(self, record):
        now = time.monotonic()
        self.room, self.at = min(BURST, self.room + RATE * (now - self.at)), now
        if self.room < 1:
            self.left_out += 1
            return
        if self.left_out:
            left_out, self.left_out = self.left_out, 0
            self._put({"event": "left out", "records": left_out})
        self.room -= 1
        self._put(record)

    def _put(self, record):
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        line = json.dumps({"time": stamp, **record})
        print(line, flush=True)
        try:
            if self.file is None:
                self.file = logging.handlers.WatchedFileHandler(self.path, encoding="utf-8")
            self.file.reopenIfNeeded()
            self.file.stream.write(line + "\n")
            self.file.flush()
        except OSError as error:
            # The record is not lost: the journal has it.
            print(f"cannot write {self.path}: {error.strerror}", file=sys.stderr, flush=True)
