# A config policy of CircleCI (Scale plan, Server 4.2 and later): the orb is used by exact version, and only those listed here.
# `circleci policy push ./policies --owner-id ORGANIZATION`; helpers: circleci.com/docs/config-policy-reference.
package org

import future.keywords
import data.circleci.config

policy_name["pin_migrate_deploy"]

orb := "org/migrate-deploy"

allowed_versions := {"1.0.0"}

exact_version[reason] {
	version := config.orbs[orb]
	not allowed_versions[version]
	reason := sprintf("%s@%s is not one of the versions that were reviewed", [orb, version])
}

enable_rule["exact_version"]

hard_fail["exact_version"]
