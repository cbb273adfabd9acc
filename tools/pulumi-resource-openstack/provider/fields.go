package provider

import "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"

// resourceFields has the properties whose name or type in @pulumi/openstack does not follow the rule of the
// bridge (camelCase, plural for lists, a plain value for a list of at most one element).
var resourceFields = map[string]map[string]*tfbridge.SchemaInfo{
	"compute_servergroup_v2": {
		"policies": {MaxItemsOne: tfbridge.False()},
	},
	// An old and a new field for the same setting. By the rule, both would have the same name.
	"networking_subnet_v2": {
		"allocation_pool":  {Name: "allocationPools"},
		"allocation_pools": {Name: "allocationPoolsCollection"},
	},
	"orchestration_stack_v1": {
		"outputs": {Name: "StackOutputs"},
	},
}
