"""Puts files into place on a node: all of them, or none.

Runs on the node as root, as text on the command line of its Python, since nothing of the provider is
installed there. Reads one request from standard input, JSON compressed with zlib, and prints one answer:

  {"look": [path, ...]}
      -> {path: {"sha256": hex, "owner": "user:group", "mode": "0640"} or null where there is none}
  {"install": {path: {"content": text, "owner": ..., "mode": ...}}, "validate": {path: command}, "former": path}
      -> {"changed": [path, ...], "invalid": null or what the validating command said}
  {"restore": true, "former": path}
      -> {"changed": [path, ...]}

A validating command runs before anything takes effect, with the path of the new file as "$1". Install
keeps what it replaces in the file "former", for restore. A full disk, or a connection that is lost,
leaves each file as it was or as it is to be: new files are written beside the old ones, and renamed when
all are there.
"""
import grp
import hashlib
import json
import os
import pwd
import signal
import subprocess
import sys
import zlib

def owner_of(uid, gid):
    return f"{pwd.getpwuid(uid).pw_name}:{grp.getgrgid(gid).gr_name}"


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
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            out.write(file["content"].encode(errors="surrogateescape"))
            out.flush()
            os.fchown(descriptor, pwd.getpwnam(user).pw_uid, grp.getgrnam(group).gr_gid)
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


def put(files, validate):
    """Returns what a validating command said against its file, or None when all are in place."""
    written = {}
    try:
        for path, file in files.items():
            if file is not None:
                written[path] = write(path, file)
        for path, command in validate.items():
            if path in written:
                run = subprocess.run(["sh", "-c", command, "sh", written[path]], text=True,
                                     stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                if run.returncode != 0:
                    return run.stdout.replace(written[path], path).strip() or "it is not valid"
        for path, file in files.items():
            if file is None:
                discard([path])
            else:
                os.rename(written[path], path)
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
    return {"changed": changed, "invalid": None}


def restore(keep):
    former = json.loads(read(keep)["content"])
    put(former, {})
    return {"changed": sorted(former)}


def look(paths):
    found = {path: read(path) for path in paths}
    return {path: file and {"sha256": hashlib.sha256(file["content"].encode(errors="surrogateescape")).hexdigest(),
                            "owner": file["owner"], "mode": file["mode"]}
            for path, file in found.items()}


def main():
    request = json.loads(zlib.decompress(sys.stdin.buffer.read()))
    # From here on nothing stops half-way because the other side is gone.
    for name in (signal.SIGHUP, signal.SIGPIPE, signal.SIGTERM):
        signal.signal(name, signal.SIG_IGN)
    os.umask(0o077)
    try:
        if "look" in request:
            answer = look(request["look"])
        elif "install" in request:
            answer = install(request["install"], request["validate"], request["former"])
        else:
            answer = restore(request["former"])
    except OSError as error:
        sys.exit(f"{error.filename or 'its disk'}: {error.strerror}")
    print(json.dumps(answer))


main()
