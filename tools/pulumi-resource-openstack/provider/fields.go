package provider

import "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"

// resourceFields holds the properties that @pulumi/openstack does not name, or type, by the bridge's
// rule (camelCase, plural for lists, a plain value for a list of at most one).
var resourceFields = map[string]map[string]*tfbridge.SchemaInfo{
	"compute_servergroup_v2": {
		"policies": {MaxItemsOne: tfbridge.False()},
	},
	// Two generations of one setting, whose plurals would be the same name.
	"networking_subnet_v2": {
		"allocation_pool":  {Name: "allocationPools"},
		"allocation_pools": {Name: "allocationPoolsCollection"},
	},
	"orchestration_stack_v1": {
		"outputs": {Name: "StackOutputs"},
	},
}
