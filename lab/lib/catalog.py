"""Creates service users, services and endpoints, and the project and user of deployments. Idempotent."""
import pathlib
import os
import sys

import openstack

api, region = sys.argv[1:3]
secrets = pathlib.Path(os.environ["LAB_SECRETS"])
identity = openstack.connect(cloud="trunkline-lab-admin").identity

SERVICES = (
    ("glance", "image", f"http://{api}:9292"),
    ("placement", "placement", f"http://{api}:8778"),
    ("nova", "compute", f"http://{api}:8774/v2.1"),
    ("neutron", "network", f"http://{api}:9696"),
)

roles = {r.name: r.id for r in identity.roles()}
if "service" not in roles:
    roles["service"] = identity.create_role(name="service").id
projects = {p.name: p.id for p in identity.projects()}
users = {u.name: u.id for u in identity.users()}
services = {s.name: s.id for s in identity.services()}
endpoints = {(e.service_id, e.interface) for e in identity.endpoints()}


def project(name):
    if name not in projects:
        projects[name] = identity.create_project(name=name, domain_id="default").id
    return projects[name]


def user(name, project_name, *role_names):
    if name not in users:
        users[name] = identity.create_user(
            name=name, password=(secrets / f"user-{name}").read_text(), domain_id="default").id
    for role in role_names:
        identity.put(f"/projects/{project(project_name)}/users/{users[name]}/roles/{roles[role]}")


for name, kind, url in SERVICES:
    user(name, "service", "admin", "service")
    service = services.get(name) or identity.create_service(name=name, type=kind).id
    for interface in ("public", "internal", "admin"):
        if (service, interface) not in endpoints:
            identity.create_endpoint(
                service_id=service, interface=interface, url=url, region_id=region)

user("pbx", "pbx", "member")
