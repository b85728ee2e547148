# SPDX-License-Identifier: Apache-2.0
#
# Scripts.  Those that work in a source tree are distributed, not installed.

EXTRA_DIST += \
	utilities/build \
	utilities/build-ovs \
	utilities/install-deps \
	utilities/quickstart \
	utilities/run-tests

# The sandbox serves an installed ovn-ipguard as well; it finds its library
# beside itself.
dist_pkgdata_SCRIPTS += \
	utilities/ovn-ipguard-ctl \
	utilities/ovn-ipguard-webhook-cert \
	utilities/sandbox
dist_pkgdata_DATA += utilities/sandbox-lib.sh
