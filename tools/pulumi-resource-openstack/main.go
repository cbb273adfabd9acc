// Command pulumi-resource-openstack is the resource plugin behind the npm package @pulumi/openstack,
// for machines that cannot download the released one: the same Terraform provider, bridged here.
package main

import (
	_ "embed"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"

	"trunkline/tools/pulumi-resource-openstack/provider"
)

// Written by ./schema just before the build; see tools/build-plugin.sh.
//
//go:embed schema.json
var schema []byte

func main() {
	tfbridge.Main(provider.Name, provider.Version, provider.Info(), schema)
}
