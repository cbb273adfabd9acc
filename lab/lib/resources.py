"""Waits for all agents and the hypervisor, then creates flavors, the external network and quotas. Idempotent."""
import ipaddress
import sys
import time

import openstack

cidr, gateway = sys.argv[1:3]
AGENTS = {"Linux bridge agent", "DHCP agent", "L3 agent", "Metadata agent"}
FLAVORS = (("pbx.tiny", 1, 256, 2), ("pbx.small", 1, 512, 4), ("pbx.medium", 2, 1024, 8))
# Enough for six zones, a controller and three other servers. Small enough that tests can exceed the quota.
COMPUTE_QUOTA = {"instances": 10, "cores": 12, "ram": 8192}
NETWORK_QUOTA = {"floatingip": 10, "network": 5, "subnet": 5, "router": 3, "port": 40,
                 "security_group": 10, "security_group_rule": 100}

cloud = openstack.connect(cloud="trunkline-lab-admin")


def missing():
    found = {a.agent_type for a in cloud.network.agents() if a.is_alive}
    if absent := AGENTS - found:
        return f"agents: {', '.join(sorted(absent))}"
    if not any(s.state == "up" for s in cloud.compute.services(binary="nova-compute")):
        return "nova-compute"
    if not list(cloud.compute.hypervisors()):
        return "hypervisor"
    return None


deadline, said = time.monotonic() + 120, None
while what := missing():
    if what != said:
        print(time.strftime("%T"), "waiting for", what, flush=True)
        said = what
    if time.monotonic() > deadline:
        sys.exit(f"Error: not ready after 120 s: {what}")
    time.sleep(0.3)

flavors = {f.name for f in cloud.compute.flavors()}
for name, vcpus, ram, disk in FLAVORS:
    if name not in flavors:
        cloud.compute.create_flavor(name=name, vcpus=vcpus, ram=ram, disk=disk, is_public=True)

network = cloud.network.find_network("public") or cloud.network.create_network(
    name="public", is_router_external=True,
    provider_network_type="flat", provider_physical_network="public")
if not cloud.network.find_subnet("public"):
    hosts = list(ipaddress.ip_network(cidr).hosts())
    cloud.network.create_subnet(
        name="public", network_id=network.id, ip_version=4, cidr=cidr, gateway_ip=gateway,
        is_dhcp_enabled=False,
        allocation_pools=[{"start": str(hosts[9]), "end": str(hosts[-5])}])

pbx = cloud.identity.find_project("pbx").id
cloud.compute.put(f"/os-quota-sets/{pbx}", json={"quota_set": COMPUTE_QUOTA})
cloud.network.put(f"/quotas/{pbx}", json={"quota": NETWORK_QUOTA})
