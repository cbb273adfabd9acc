// Package provider describes the OpenStack provider to Pulumi. It maps the names of the npm package
// @pulumi/openstack to Terraform resources, data sources and settings.
package provider

import (
	"strings"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	sdkv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	"github.com/terraform-provider-openstack/terraform-provider-openstack/openstack"
)

// Name is Pulumi's name of the package.
const Name = "openstack"

// Version is the release of @pulumi/openstack whose names are used. The linker sets it.
var Version = "0.0.0-dev"

// Info returns the complete mapping.
func Info() tfbridge.ProviderInfo {
	terraform := openstack.Provider()
	// Otherwise, the deprecation would be reported at every start, even if the setting is not used.
	terraform.Schema["use_octavia"].Deprecated = ""

	info := tfbridge.ProviderInfo{
		P:           sdkv2.NewProvider(terraform),
		Name:        Name,
		Version:     Version,
		GitHubOrg:   "terraform-provider-openstack",
		Config:      config(),
		Resources:   resources(),
		DataSources: functions(),
	}
	// Names in the cloud are optional in the SDK. A missing one is derived from the Pulumi name of the resource.
	info.SetAutonaming(255, "-")
	return info
}

// config returns the settings that Pulumi reads from the environment. The Terraform provider reads all other settings
// (OS_AUTH_URL, OS_USERNAME, OS_PASSWORD, OS_PROJECT_NAME, ...).
func config() map[string]*tfbridge.SchemaInfo {
	variables := map[string]string{
		"allow_reauth":  "OS_ALLOW_REAUTH",
		"cloud":         "OS_CLOUD",
		"delayed_auth":  "OS_DELAYED_AUTH",
		"endpoint_type": "OS_ENDPOINT_TYPE",
		"insecure":      "OS_INSECURE",
		"region":        "OS_REGION_NAME",
		"swauth":        "OS_SWAUTH",
		"use_octavia":   "OS_USE_OCTAVIA",
	}
	settings := make(map[string]*tfbridge.SchemaInfo, len(variables))
	for setting, variable := range variables {
		settings[setting] = &tfbridge.SchemaInfo{
			Default: &tfbridge.DefaultInfo{EnvVars: []string{variable}},
		}
	}
	return settings
}

func resources() map[string]*tfbridge.ResourceInfo {
	infos := make(map[string]*tfbridge.ResourceInfo, len(resourceTokens))
	for terraform, token := range resourceTokens {
		module, class := split(token)
		infos["openstack_"+terraform] = &tfbridge.ResourceInfo{
			Tok:    tfbridge.MakeResource(Name, module, class),
			Fields: resourceFields[terraform],
		}
	}
	return infos
}

func functions() map[string]*tfbridge.DataSourceInfo {
	infos := make(map[string]*tfbridge.DataSourceInfo, len(functionTokens))
	for terraform, token := range functionTokens {
		module, function := split(token)
		infos["openstack_"+terraform] = &tfbridge.DataSourceInfo{
			Tok: tfbridge.MakeDataSource(Name, module, function),
		}
	}
	return infos
}

func split(token string) (module, member string) {
	module, member, _ = strings.Cut(token, "/")
	return module, member
}
