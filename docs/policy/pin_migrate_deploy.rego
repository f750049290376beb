# A config policy of CircleCI (Scale plan, Server 4.2 and later): the orb is used by exact version, and only those listed here, also
# inside inline orbs. It does not see an orb that is used by its address; those have the allow-list of your organization.
# `circleci policy push ./policies --owner-id ORGANIZATION`; evaluated with OPA 1.4.2 in the dialect of before version 1, which is CircleCI's.
package org

import future.keywords

policy_name["pin_migrate_deploy"]

orb := "org/migrate-deploy"

allowed_versions := {"1.0.0"}

exact_version[reason] {
	walk(input, [path, reference])
	path[count(path) - 2] == "orbs"
	startswith(reference, concat("", [orb, "@"]))
	[_, version] := split(reference, "@")
	not allowed_versions[version]
	reason := sprintf("%s is not one of the versions that were reviewed", [reference])
}

enable_rule["exact_version"]

hard_fail["exact_version"]
