package provider

import "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"

// resourceFields renames the properties whose name in @pulumi/openstack is not the usual camelCase
// (plural for lists) of the Terraform one.
var resourceFields = map[string]map[string]*tfbridge.SchemaInfo{}
