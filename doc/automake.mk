# SPDX-License-Identifier: Apache-2.0
#
# Manual pages and guides.  ovn-ipguard.5 is made from the schema, see
# schema/automake.mk.  build-aux/check-manual and others compare them with the
# code, and tests/guides/run-guide runs the commands of guides.

dist_man_MANS += \
	doc/ovn-ipguard-ctl.8 \
	doc/ovn-ipguard-sandbox.8 \
	doc/ovn-ipguard-webhook-cert.8 \
	doc/ovn-ipguardctl.8 \
	doc/ovn-ipguard.7 \
	doc/ovn-ipguard.8

# The manual pages refer to these.
dist_doc_DATA += \
	doc/events.md \
	doc/guide-address.md \
	doc/guide-frozen.md \
	doc/guide-kube-ovn.md \
	doc/guide-ovn-kubernetes.md \
	doc/guide-plain-ovn.md \
	doc/guide-sandbox.md \
	doc/log.md \
	doc/messages.md \
	doc/runbook.md

EXTRA_DIST += \
	doc/design.md \
	doc/performance.md \
	doc/testing.md
