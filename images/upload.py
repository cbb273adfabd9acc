"""Uploads the images in the given directories (see build.sh) to the cloud; called by upload.sh.

A disk in the cloud is up to date if it is active and has the key of the directory. Apart from this disk, its kernel and
its ramdisk, all images with the names of the three are leftovers of an older version or of an interrupted upload. The
leftovers are deleted as soon as the new disk is active.
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
    """Returns the size of the disk as a guest sees it, in GiB, the unit of a flavor's disk."""
    info = subprocess.run(
        ["qemu-img", "info", "--output=json", disk], check=True, capture_output=True, text=True
    )
    return math.ceil(json.loads(info.stdout)["virtual-size"] / GIB)


class Upload:
    """Upload of one image, with its kernel and ramdisk if its disk has no boot loader."""

    def __init__(self, cloud, directory):
        self.cloud = cloud
        self.directory = directory
        self.manifest = json.loads((directory / "manifest.json").read_text())
        self.name = self.manifest["name"]
        self.created = []

    def present(self):
        """Returns all images of the project with this image's names."""
        names = (self.name, f"{self.name}-kernel", f"{self.name}-ramdisk")
        owner = self.cloud.current_project_id
        return [i for name in names for i in self.cloud.image.images(name=name, owner=owner)]

    def current(self, images):
        """Returns the disk that is up to date, or None."""
        for image in images:
            key = image.properties.get("trunkline_key")
            if image.name == self.name and image.status == "active" and key == self.manifest["key"]:
                return image
        return None

    def record(self, name, kind, **properties):
        """Creates the record of an image, without data."""
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
        """Creates the records of the disk and, in format "direct", of its kernel and ramdisk.

        Returns each record with the file to send. The disk is the last one.
        """
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
        """Uploads the image unless it is up to date, and deletes leftovers. Deletes its own images if it fails."""
        before = self.present()
        disk = self.current(before)
        if disk:
            used = {disk.id, disk.kernel_id, disk.ramdisk_id}
            self.remove(i for i in before if i.id not in used)
            say(f"{self.name}: up to date in the cloud")
            return
        try:
            # Send the disk last: once the disk is active, new servers use it, and need its kernel and ramdisk.
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
        sys.exit(f"images: upload failed: {' '.join(str(error).split())}")


main()
