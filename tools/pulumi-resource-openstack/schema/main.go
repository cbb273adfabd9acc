// Command schema prints the Pulumi schema of the mapping in ../provider.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfgen"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag/colors"

	"trunkline/tools/pulumi-resource-openstack/provider"
)

func main() {
	if err := print(); err != nil {
		fmt.Fprintln(os.Stderr, "schema:", err)
		os.Exit(1)
	}
}

func print() error {
	result, err := tfgen.GenerateSchemaWithOptions(tfgen.GenerateSchemaOptions{
		ProviderInfo: provider.Info(),
		DiagnosticsSink: diag.DefaultSink(os.Stderr, os.Stderr, diag.FormatOptions{
			Color: colors.Never,
		}),
		// Without this option, the generator needs a local copy of the provider's documentation.
		XInMemoryDocs: true,
	})
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(result.PackageSpec)
}
