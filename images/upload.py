"""Makes the cloud's images those of the given directories (see build.sh); called by upload.sh.

A disk is in use once it is active and carries the directory's key. Whatever else bears the names of an
image and its kernel and ramdisk is a leftover, of an older version or of an upload that was interrupted,
and goes when the new one is active.
"""

import json
import math
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import openstack
from keystoneauth1.exceptions import ClientException
from openstack.exceptions import ConfigException, SDKException

GIB = 1 << 30


def say(text):
    print(f"images: {text}", flush=True)


def virtual_gib(disk):
    """Size of the disk as a guest sees it, in the unit of a flavor's disk."""
    info = subprocess.run(
        ["qemu-img", "info", "--output=json", disk], check=True, capture_output=True, text=True
    )
    return math.ceil(json.loads(info.stdout)["virtual-size"] / GIB)


class Upload:
    """One image, with its kernel and ramdisk where its disk has no boot loader."""

    def __init__(self, cloud, directory):
        self.cloud = cloud
        self.directory = directory
        self.manifest = json.loads((directory / "manifest.json").read_text())
        self.name = self.manifest["name"]
        self.created = []

    def present(self):
        """All images of the project that bear this image's names."""
        names = (self.name, f"{self.name}-kernel", f"{self.name}-ramdisk")
        owner = self.cloud.current_project_id
        return [i for name in names for i in self.cloud.image.images(name=name, owner=owner)]

    def current(self, images):
        """The disk in use, or None."""
        for image in images:
            key = image.properties.get("trunkline_key")
            if image.name == self.name and image.status == "active" and key == self.manifest["key"]:
                return image
        return None

    def record(self, name, kind, **properties):
        """Announces an image, whose data is still to come."""
        container = "bare" if kind == "qcow2" else kind
        image = self.cloud.image.create_image(
            name=name,
            allow_duplicates=True,
            disk_format=kind,
            container_format=container,
            visibility="private",
            trunkline_key=self.manifest["key"],
            **properties,
        )
        self.created.append(image)
        return image

    def send(self, image, file):
        with file.open("rb") as data:
            answer = self.cloud.image.put(
                f"/images/{image.id}/file",
                data=data,
                headers={"Content-Type": "application/octet-stream", "Accept": ""},
            )
        openstack.exceptions.raise_from_response(answer)

    def announce(self):
        """Creates the records and gives, for each, the file that is to be sent."""
        manifest = self.manifest
        properties = {
            "min_disk": virtual_gib(self.directory / "disk.qcow2"),
            "os_distro": "debian",
            "os_type": "linux",
            "sip_drivers": ",".join(manifest["sipDrivers"]),
            "asterisk_version": manifest["asteriskVersion"] or "",
            "haproxy_version": manifest["haproxyVersion"] or "",
        }
        jobs = []
        if manifest["format"] == "direct":
            kernel = self.record(f"{self.name}-kernel", "aki")
            ramdisk = self.record(f"{self.name}-ramdisk", "ari")
            jobs += [(kernel, self.directory / "vmlinuz"), (ramdisk, self.directory / "initrd")]
            properties |= {
                "kernel_id": kernel.id,
                "ramdisk_id": ramdisk.id,
                "os_command_line": manifest["commandLine"],
            }
        disk = self.record(self.name, "qcow2", **{k: v for k, v in properties.items() if v != ""})
        return [*jobs, (disk, self.directory / "disk.qcow2")]

    def remove(self, images):
        for image in images:
            self.cloud.image.delete_image(image.id, ignore_missing=True)

    def run(self, pool):
        before = self.present()
        disk = self.current(before)
        if disk:
            used = {disk.id, disk.kernel_id, disk.ramdisk_id}
            self.remove(i for i in before if i.id not in used)
            say(f"{self.name}: up to date in the cloud")
            return
        try:
            # The disk last: it is what makes the three of them an image in use.
            *parts, whole = self.announce()
            list(pool.map(lambda job: self.send(*job), parts))
            self.send(*whole)
        except BaseException:
            self.remove(self.created)
            raise
        self.remove(before)
        say(f"{self.name}: uploaded ({whole[0].id})")


def main():
    try:
        cloud = openstack.connect()
        cloud.authorize()
        uploads = [Upload(cloud, Path(directory)) for directory in sys.argv[1:]]
        with ThreadPoolExecutor(2) as pool, ThreadPoolExecutor(len(uploads)) as images:
            for done in [images.submit(upload.run, pool) for upload in uploads]:
                done.result()
    except (ConfigException, SDKException, ClientException) as error:
        sys.exit(f"images: the upload failed: {' '.join(str(error).split())}")


main()
