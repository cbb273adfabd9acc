"""Acts for the provider on a node, as root, for as long as the provider's connection lasts.

It arrives as text on the command line of the node's Python: nothing of the provider is installed there.
One process serves all requests of a connection, since each login of root costs as much as the work.

Requests come on standard input and answers go to standard output, each as a line with its length in bytes
and that many bytes of JSON, compressed with zlib. Requests are worked on side by side; an answer has the
"id" of its request, and either "result" or "error", what went wrong in words. A request's "do" is one of:

  {"do": "run", "script": text, "input": base64}
      -> {"exitCode": number, "stdout": base64, "stderr": base64} of a POSIX shell
  {"do": "ask", "socket": path, "orders": [text, ...], "seconds": number}
      -> {"answers": [text, ...], "fault": null, "absent" when nobody listens, "silent" when one is missing}
  {"do": "tail", "path": path, "from": number of bytes or null for the end}
      -> {"size": number, "text": what stands behind "from"}; a file that is not there is empty
  {"do": "look", "paths": [path, ...]}
      -> {path: {"sha256": hex, "owner": "user:group", "mode": "0640"} or null where there is none};
         a user or a group without a name is a number
  {"do": "install", "files": {path: {"content": text, "owner": ..., "mode": ...}},
   "validate": {path: command}, "former": path}
      -> {"changed": [path, ...], "invalid": null or what the validating command said}
  {"do": "restore", "former": path}
      -> {"changed": [path, ...]}

Ask speaks with a service that listens on a socket in the file system: a connection for each order, which
the service closes when it has answered. Its own client would be a process for each, and most of the work.

Install puts all files into place, or none. A validating command runs before that, with the path of the
new file as "$1". What is replaced is kept in the file "former", for restore. A full disk, or a connection
that is lost, leaves each file as it was or as it is to be: new files are written beside the old ones, and
renamed when all are there.

What not every edit needs is imported where it is used: on an emulated processor these modules take longer
to load than the edit takes.
"""
import grp
import json
import os
import pwd
import signal
import socket
import sys
import threading
import time
import zlib


class Fault(Exception):
    """What was asked for cannot be had, in words."""


def owner_of(uid, gid):
    return f"{name_of(pwd.getpwuid, uid)}:{name_of(grp.getgrgid, gid)}"


def name_of(find, number):
    try:
        return find(number)[0]
    except KeyError:
        return str(number)


def number_of(find, name, fault):
    try:
        return find(name)[2]
    except KeyError:
        if name.isdigit():
            return int(name)
        raise Fault(fault) from None


def read(path):
    try:
        with open(path, "rb") as file:
            content, status = file.read(), os.fstat(file.fileno())
    except FileNotFoundError:
        return None
    return {"content": content.decode(errors="surrogateescape"),
            "owner": owner_of(status.st_uid, status.st_gid), "mode": f"{status.st_mode & 0o7777:04o}"}


def write(path, file):
    """Writes the file, durably, under the name that it returns: `path` itself is not touched."""
    beside = os.path.join(os.path.dirname(path), f".{os.path.basename(path)}.new")
    os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
    user, group = file["owner"].split(":")
    uid = number_of(pwd.getpwnam, user, f"{path}: there is no user {user} on this server")
    gid = number_of(grp.getgrnam, group, f"{path}: there is no group {group} on this server")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            out.write(file["content"].encode(errors="surrogateescape"))
            out.flush()
            os.fchown(descriptor, uid, gid)
            os.fchmod(descriptor, int(file["mode"], 8))
            os.fsync(descriptor)
    except OSError as error:
        discard([beside])
        raise OSError(error.errno, error.strerror, path) from None
    return beside


def discard(paths):
    for path in paths:
        try:
            os.unlink(path)
        except FileNotFoundError:
            pass


def settle(paths):
    """Has it outlast a power cut that the files at `paths` have their names, or are gone."""
    for folder in {os.path.dirname(path) for path in paths}:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def put(files, validate):
    """Returns what a validating command said against its file, or None when all are in place."""
    written = {}
    try:
        for path, file in files.items():
            if file is not None:
                written[path] = write(path, file)
        for path, command in validate.items():
            if path in written:
                import subprocess
                run = subprocess.run(["sh", "-c", command, "sh", written[path]], text=True,
                                     stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                if run.returncode != 0:
                    return run.stdout.replace(written[path], path).strip() or "it is not valid"
        for path, file in files.items():
            if file is None:
                discard([path])
            else:
                os.rename(written[path], path)
        settle(files)
    finally:
        discard(written.values())
    return None


def install(files, validate, keep):
    former = {path: read(path) for path in files}
    changed = sorted(path for path in files if former[path] != files[path])
    if not changed:
        return {"changed": [], "invalid": None}
    kept = write(keep, {"content": json.dumps({path: former[path] for path in changed}),
                          "owner": owner_of(os.getuid(), os.getgid()), "mode": "0600"})
    try:
        invalid = put({path: files[path] for path in changed}, validate)
    except BaseException:
        discard([kept])
        raise
    if invalid is not None:
        discard([kept])
        return {"changed": [], "invalid": invalid}
    os.rename(kept, keep)
    settle([keep])
    return {"changed": changed, "invalid": None}


def restore(keep):
    former = json.loads(read(keep)["content"])
    put(former, {})
    return {"changed": sorted(former)}


def look(paths):
    found = {path: read(path) for path in paths}
    return {path: file and {"sha256": sha256(file["content"]), "owner": file["owner"], "mode": file["mode"]}
            for path, file in found.items()}


def sha256(content):
    import hashlib
    return hashlib.sha256(content.encode(errors="surrogateescape")).hexdigest()


def run(script, given):
    import base64
    import subprocess
    done = subprocess.run(["sh", "-c", script], input=base64.b64decode(given), capture_output=True)
    return {"exitCode": done.returncode, "stdout": base64.b64encode(done.stdout).decode(),
            "stderr": base64.b64encode(done.stderr).decode()}


def connect(service, path, end):
    """As soon as there is room: few can wait before a service that is busy, or frozen."""
    while True:
        service.settimeout(max(end - time.monotonic(), 0.001))
        try:
            return service.connect(path)
        except BlockingIOError:
            # The kernel waits for room only with those who would wait for ever: unix(7), EAGAIN.
            if time.monotonic() >= end:
                raise socket.timeout from None
            time.sleep(0.05)


def ask(path, orders, seconds):
    answers, end = [], time.monotonic() + seconds
    for order in orders:
        try:
            with socket.socket(socket.AF_UNIX) as service:
                connect(service, path, end)
                service.sendall(order.encode())
                parts = []
                while not parts or parts[-1]:
                    service.settimeout(max(end - time.monotonic(), 0.001))
                    parts.append(service.recv(1 << 18))
        except socket.timeout:
            return {"answers": answers, "fault": "silent"}
        except (ConnectionError, FileNotFoundError):
            return {"answers": answers, "fault": "absent"}
        answers.append(b"".join(parts).decode(errors="replace"))
    return {"answers": answers, "fault": None}


def tail(path, start):
    try:
        with open(path, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(size if start is None else min(start, size))
            return {"size": size, "text": file.read().decode(errors="replace")}
    except FileNotFoundError:
        return {"size": 0, "text": ""}


DEEDS = {
    "run": lambda request: run(request["script"], request["input"]),
    "ask": lambda request: ask(request["socket"], request["orders"], request["seconds"]),
    "tail": lambda request: tail(request["path"], request["from"]),
    "look": lambda request: look(request["paths"]),
    "install": lambda request: install(request["files"], request["validate"], request["former"]),
    "restore": lambda request: restore(request["former"]),
}


def answer(request, out, lock):
    try:
        outcome = {"result": DEEDS[request["do"]](request)}
    except OSError as error:
        outcome = {"error": f"{error.filename or 'its disk'}: {error.strerror}"}
    except Fault as fault:
        outcome = {"error": str(fault)}
    except Exception as error:  # somebody waits for an answer, whatever it is
        outcome = {"error": f"its agent fails ({type(error).__name__}: {error})"}
    frame = zlib.compress(json.dumps({"id": request["id"], **outcome}).encode(), 1)
    try:
        with lock:
            out.write(b"%d\n%b" % (len(frame), frame))
            out.flush()
    except BrokenPipeError:
        pass  # nobody is there any more; what was asked for is done all the same


def main():
    # What was begun is brought to its end, whatever becomes of the connection.
    for name in (signal.SIGHUP, signal.SIGPIPE, signal.SIGTERM):
        signal.signal(name, signal.SIG_IGN)
    os.umask(0o077)
    lock = threading.Lock()
    while length := sys.stdin.buffer.readline():
        request = json.loads(zlib.decompress(sys.stdin.buffer.read(int(length))))
        threading.Thread(target=answer, args=(request, sys.stdout.buffer, lock)).start()


main()
