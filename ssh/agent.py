"""Carries out requests of its client (ssh/agent.ts) on a node, as root, until the client's connection ends.

The client passes this program as text on the command line of the node's Python. Nothing is installed on the node.
One process serves all requests of a connection, so that requests need no log-ins of their own.

Requests come on standard input and answers go to standard output. Each request and each answer is a line with a
number N, followed by N bytes: a JSON object, compressed with zlib. Requests run concurrently. A request has an "id" and
the fields of one of the forms below. An answer has the "id" of its request, and either "result" or "error". "error" is
an error message, and "result" has the form after the arrow:

  {"do": "run", "script": text, "input": base64}
      -> {"exitCode": number, "stdout": base64, "stderr": base64} of a POSIX shell that runs the script
  {"do": "ask", "socket": path, "orders": [text, ...], "seconds": number}
      -> {"answers": [text, ...], "fault": null, "absent" if the service does not run, or "silent" after the timeout}
  {"do": "watch", "path": path} -> {}
  {"do": "heard", "path": path, "rules": [{"source": text, "functions": ..., "endings": ...}, ...]}
      -> {"messages": [text, ...]}
  {"do": "look", "paths": [path, ...]}
      -> {path: {"sha256": hex, "owner": "user:group", "mode": "0640"}, or null if there is no file};
         a user or a group without a name is given as its number
  {"do": "install", "files": {path: {"content": text, "owner": ..., "mode": ...}},
   "validate": {path: command}, "former": path}
      -> {"changed": [path, ...], "invalid": null, or the output of the validation command that failed}
  {"do": "restore", "former": path}
      -> {"changed": [path, ...]}

"ask" sends orders (commands as text) to a service that listens on a Unix domain socket. Each order has its own
connection, which the service closes after its answer. The service's own command-line client is not used, because each
order would need a new process.

"watch" records where a log of Asterisk ends. The log consists of JSON records, one per line. Lines that are not
records are ignored. "heard" returns the messages of warnings and errors that were written since "watch" and match a
rule. "heard" may be requested any number of times after one "watch". A record matches a rule if its source file is
the rule's source file, its function is one of the rule's functions, and its message ends with one of the rule's
endings. null stands for all functions, or for all endings. Since "watch", the log may have been rotated once: renamed,
or copied and truncated.

"install" replaces the files that differ, or does nothing if none differ. It first saves the old files in the file
"former", for "restore", and writes the new files under temporary names. The validation commands of these files then
run, with the temporary path as "$1". If all succeed, the new files are renamed. So even if the disk is full or the
connection is lost, each file has either its old or its new content. If a file cannot be renamed, the answer has
"error", and the files that were renamed before are restored. If some of them cannot be restored, the answer also has
"notRestored", a list of their paths.

The agent sends an error instead of an answer of more than 32 MiB.

Some Python modules are imported only where they are used, because imports are slow on an emulated processor.
"""
import grp
import json
import os
import pwd
import signal
import socket
import stat
import sys
import threading
import time
import zlib


ANSWER_LIMIT = 32 << 20
"""Maximum size of an answer in bytes, before compression. Also limits the total of a service's answers to one "ask"."""
LINE_LIMIT = 1 << 16
"""Number of bytes after which a longer line of a log is split. Asterisk's records have at most 8 KiB."""
LOG_LIMIT = 64 << 20
"""Maximum number of bytes that one "heard" reads."""
MESSAGES_LIMIT = 200
"""Maximum number of messages that "heard" returns."""
MESSAGE_LIMIT = 500
"""Maximum length of a message in characters. Longer messages are truncated."""


class Fault(Exception):
    """Error of a request that cannot be carried out. The message is for the operator."""


class HalfDone(Fault):
    """Error of a request that changed files and could not restore those in `not_restored`, a list of paths."""

    def __init__(self, words, not_restored):
        super().__init__(words)
        self.not_restored = not_restored


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
    """Writes and syncs the file under a temporary name. Returns that name. Does not change the file at `path`."""
    beside = os.path.join(os.path.dirname(path), f".{os.path.basename(path)}.new")
    os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
    user, group = file["owner"].split(":")
    uid = number_of(pwd.getpwnam, user, f"{path}: there is no user {user} on this server")
    gid = number_of(grp.getgrnam, group, f"{path}: there is no group {group} on this server")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
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


def remove(path):
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass


def discard(paths):
    """Removes temporary files. Ignores errors, because a remaining temporary file does no harm."""
    for path in paths:
        try:
            os.unlink(path)
        except OSError:
            pass


def keep(path):
    """Creates a hard link to the file at `path`, for a rollback. Returns the link's path; None if there is no file."""
    beside = os.path.join(os.path.dirname(path), f".{os.path.basename(path)}.old")
    try:
        remove(beside)
        os.link(path, beside)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return beside


def settle(paths):
    """Syncs the folders of `paths`, so that renames and removals survive a power cut."""
    for folder in {os.path.dirname(path) for path in paths}:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def put(files, validate):
    """Replaces files, and removes the files whose value is None. Returns None if this succeeds.

    If a validation command fails, changes no file and returns the output of the command. Raises HalfDone if a file
    cannot be replaced, and the files that were replaced before cannot all be restored. Raises Fault or OSError after
    another failure. All files are then unchanged.
    """
    written, kept, renewed = {}, {}, []
    try:
        for path, file in files.items():
            if file is not None:
                written[path] = write(path, file)
            kept[path] = keep(path)
        for path, command in validate.items():
            if path in written:
                import subprocess
                run = subprocess.run(["sh", "-c", command, "sh", written[path]], text=True, errors="replace",
                                     stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                if run.returncode != 0:
                    return run.stdout.replace(written[path], path).strip() or "the file is not valid"
        try:
            for path, file in files.items():
                if file is None:
                    remove(path)
                else:
                    os.rename(written[path], path)
                renewed.append(path)
            settle(files)
        except OSError as error:
            words = f"{path}: {error.strerror}"
            stuck = roll_back(renewed, kept)
            raise (HalfDone(words, stuck) if stuck else Fault(words)) from None
    finally:
        discard([*written.values(), *filter(None, kept.values())])
    return None


def roll_back(paths, kept):
    """Restores files from the links in `kept`. Returns the paths of the files that could not be restored."""
    stuck = []
    for path in paths:
        try:
            if kept[path] is None:
                remove(path)
            else:
                os.rename(kept[path], path)
        except OSError:
            stuck.append(path)
    try:
        settle(paths)
    except OSError:
        pass  # the error that caused the rollback is reported instead
    return stuck


def install(files, validate, former_path):
    former = {path: read(path) for path in files}
    changed = sorted(path for path in files if former[path] != files[path])
    if not changed:
        return {"changed": [], "invalid": None}
    written = write(former_path, {"content": json.dumps({path: former[path] for path in changed}),
                                  "owner": owner_of(os.getuid(), os.getgid()), "mode": "0600"})
    # Save the former files before any file is changed, so that a failure here leaves all files unchanged.
    os.rename(written, former_path)
    settle([former_path])
    invalid = put({path: files[path] for path in changed}, validate)
    return {"changed": [] if invalid is not None else changed, "invalid": invalid}


def restore(former_path):
    former = json.loads(read(former_path)["content"])
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
    """Waits until the service's queue of connections has room, and connects. Raises socket.timeout at the time `end`.

    The queue of a busy or frozen service may be full.
    """
    while True:
        service.settimeout(max(end - time.monotonic(), 0.001))
        try:
            return service.connect(path)
        except BlockingIOError:
            # With a timeout, connect does not wait for room in the queue, but fails with EAGAIN (see connect(2)).
            if time.monotonic() >= end:
                raise socket.timeout from None
            time.sleep(0.05)


def ask(path, orders, seconds):
    answers, end, room = [], time.monotonic() + seconds, ANSWER_LIMIT
    for order in orders:
        try:
            with socket.socket(socket.AF_UNIX) as service:
                connect(service, path, end)
                service.sendall(order.encode())
                parts = []
                while not parts or parts[-1]:
                    service.settimeout(max(end - time.monotonic(), 0.001))
                    parts.append(service.recv(1 << 18))
                    room -= len(parts[-1])
                    if room < 0:
                        raise Fault(f"{path}: its answer is longer than {ANSWER_LIMIT} bytes")
        except socket.timeout:
            return {"answers": answers, "fault": "silent"}
        except (ConnectionError, FileNotFoundError):
            return {"answers": answers, "fault": "absent"}
        answers.append(b"".join(parts).decode(errors="replace"))
    return {"answers": answers, "fault": None}


WATCHED = {}
"""Watched logs by path: the open file (None if there was none), and its size in bytes and first bytes at "watch"."""
WATCHING = threading.Lock()
"""Lock for the files in WATCHED. An open file has only one read position, so only one request at a time may use it."""
MARK = 200
"""Number of bytes at the beginning of a log that identify the log. These bytes have the time of the first record."""


def open_log(path):
    """Opens the file at `path`. Returns None if there is none.

    Raises Fault or OSError if `path` is a link or a pipe, because a service could put one there.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Fault(f"{path}: not a regular file")
    return os.fdopen(descriptor, "rb")


def watch(path):
    log = open_log(path)
    former, *_ = WATCHED.pop(path, (None,))
    if former is not None:
        former.close()
    size = 0 if log is None else log.seek(0, os.SEEK_END)
    WATCHED[path] = (log, size, b"" if log is None else beginning(log, size))
    return {}


def alone(work, *args):
    with WATCHING:
        return work(*args)


def beginning(log, size):
    """Returns the first bytes of a log that had `size` bytes; b"" if it is shorter now. Seeks the log to `size`."""
    log.seek(0)
    mark = log.read(min(size, MARK)) if os.fstat(log.fileno()).st_size >= size else b""
    log.seek(size)
    return mark


def parts_since(path):
    """Yields the open files that may have records since "watch". The read position is at the first new byte."""
    watched, size, mark = WATCHED[path]
    now = open_log(path)
    if watched is not None:
        if now is not None and os.path.sameopenfile(now.fileno(), watched.fileno()):
            now.close()
            now = None
        start = size
        if beginning(watched, size) != mark:
            # The log was truncated. With `copytruncate`, logrotate first copies the old content to the path below.
            copy = open_log(f"{path}.1")
            if copy is not None and beginning(copy, size) == mark:
                yield copy
            start = 0
        again = os.fdopen(os.dup(watched.fileno()), "rb")
        again.seek(start)
        yield again
    if now is not None:
        yield now


def heard(path, rules):
    messages, room = {}, LOG_LIMIT
    for part in parts_since(path):
        with part:
            while line := part.readline(LINE_LIMIT):
                room -= len(line)
                if room < 0:
                    raise Fault(f"{path} has grown by more than {LOG_LIMIT} bytes during the edit")
                message = accepted(line, rules)
                if message is not None and len(messages) < MESSAGES_LIMIT:
                    messages[message[:MESSAGE_LIMIT]] = None
    return {"messages": list(messages)}


def accepted(line, rules):
    """Returns the message if `line` is a warning or an error that matches a rule; otherwise None."""
    if not any(rule["source"].encode() in line for rule in rules):
        return None
    try:
        record = json.loads(line)["logmsg"]
        source, function = record["location"]["filename"], record["location"]["function"]
        level, message = record["level"], record["message"].rstrip()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    for rule in rules:
        if (level in ("WARNING", "ERROR") and source == rule["source"]
                and (rule["functions"] is None or function in rule["functions"])
                and (rule["endings"] is None or message.endswith(tuple(rule["endings"])))):
            return message
    return None


HANDLERS = {
    "run": lambda request: run(request["script"], request["input"]),
    "ask": lambda request: ask(request["socket"], request["orders"], request["seconds"]),
    "watch": lambda request: alone(watch, request["path"]),
    "heard": lambda request: alone(heard, request["path"], request["rules"]),
    "look": lambda request: look(request["paths"]),
    "install": lambda request: install(request["files"], request["validate"], request["former"]),
    "restore": lambda request: restore(request["former"]),
}


def answer(request, out, lock):
    try:
        outcome = {"result": HANDLERS[request["do"]](request)}
    except OSError as error:
        outcome = {"error": f"{error.filename or 'its disk'}: {error.strerror}"}
    except HalfDone as fault:
        outcome = {"error": str(fault), "notRestored": fault.not_restored}
    except Fault as fault:
        outcome = {"error": str(fault)}
    except Exception as error:  # the client waits for an answer to every request
        outcome = {"error": f"its agent failed ({type(error).__name__}: {error})"}
    content = json.dumps({"id": request["id"], **outcome})
    if len(content) > ANSWER_LIMIT:
        content = json.dumps({"id": request["id"], "error": f"its answer is longer than {ANSWER_LIMIT} bytes"})
    frame = zlib.compress(content.encode(), 1)
    try:
        with lock:
            out.write(b"%d\n%b" % (len(frame), frame))
            out.flush()
    except BrokenPipeError:
        pass  # the client has disconnected; the request was carried out anyway


def main():
    # Ignore these signals, so that a request that has begun is finished even if the connection is lost.
    for name in (signal.SIGHUP, signal.SIGPIPE, signal.SIGTERM):
        signal.signal(name, signal.SIG_IGN)
    os.umask(0o077)
    lock = threading.Lock()
    while length := sys.stdin.buffer.readline():
        request = json.loads(zlib.decompress(sys.stdin.buffer.read(int(length))))
        threading.Thread(target=answer, args=(request, sys.stdout.buffer, lock)).start()


main()
