"""Boots a server on its own network. Only a server that boots shows that all services work together.

The server has an empty disk: for Nova, a server is active as soon as its interface is plugged and its CPU runs.
"""
import sys

import openstack

NAME = "lab-proof"
SECONDS = 90  # Timeout of the boot.

cloud = openstack.connect(cloud="trunkline-lab-admin")


def clear():
    """Deletes the objects of this run, or of a run that failed or was killed."""
    for server in list(cloud.compute.servers(name=f"^{NAME}$")):
        cloud.compute.delete_server(server)
        cloud.compute.wait_for_delete(server, interval=0.5, wait=60)
    for network in cloud.network.networks(name=NAME):
        # Nova deletes the ports of a server a moment after the server. A network with ports cannot be deleted.
        for port in cloud.network.ports(network_id=network.id, device_owner="compute:nova"):
            cloud.network.delete_port(port)
        cloud.network.delete_network(network)
    for image in cloud.image.images(name=NAME):
        cloud.image.delete_image(image)


clear()
network = cloud.network.create_network(name=NAME)
cloud.network.create_subnet(name=NAME, network_id=network.id, ip_version=4, cidr="10.255.255.0/29")
image = cloud.image.create_image(name=NAME, data=bytes(1 << 20), disk_format="raw", container_format="bare")
server = cloud.compute.create_server(
    name=NAME, image_id=image.id, flavor_id=cloud.compute.find_flavor("pbx.tiny").id,
    networks=[{"uuid": network.id}])
try:
    cloud.compute.wait_for_server(server, interval=0.5, wait=SECONDS)
except openstack.exceptions.SDKException as error:
    # Leaves the server, the network and the image to the next run: a lab that cannot boot the server may not be able to
    # delete it either.
    found = cloud.compute.get(f"/servers/{server.id}").json()["server"]
    sys.exit(f"Error: {found.get('fault', {}).get('message', error)}")
clear()
