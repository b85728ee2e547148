# SPDX-License-Identifier: Apache-2.0
#
# Manual pages and guides.  ovn-ipguard.5 is made from the schema, see
# schema/automake.mk; build-aux/check-manual compares ovn-ipguard.8 with the
# code.

dist_man_MANS += \
	doc/ovn-ipguard-ctl.8 \
	doc/ovn-ipguard-webhook-cert.8 \
	doc/ovn-ipguardctl.8 \
	doc/ovn-ipguard.8

EXTRA_DIST += \
	doc/design.md \
	doc/events.md \
	doc/messages.md \
	doc/performance.md \
	doc/runbook.md \
	doc/testing.md
