// Command pulumi-resource-openstack is the resource plugin of the npm package @pulumi/openstack, for
// machines that cannot download the released plugin. It bridges the same Terraform provider.
package main

import (
	_ "embed"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"

	"trunkline/tools/pulumi-resource-openstack/provider"
)

// Written by ./schema just before the build; see build.sh.
//
//go:embed schema.json
var schema []byte

func main() {
	tfbridge.Main(provider.Name, provider.Version, provider.Info(), schema)
}
