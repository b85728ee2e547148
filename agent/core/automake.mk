# SPDX-License-Identifier: Apache-2.0
#
# Pure decisions: no IDL, no socket, no JSON, no clock, no global.
# A new file of agent/core/ is added to the list below, alphabetically.

noinst_LTLIBRARIES += agent/core/libcore.la

agent_core_libcore_la_SOURCES = \
	agent/core/admission-address.c \
	agent/core/admission-change.c \
	agent/core/admission-network.c \
	agent/core/admission-private.h \
	agent/core/admission-template.c \
	agent/core/admission-text.c \
	agent/core/admission.c \
	agent/core/admission.h \
	agent/core/claim.c \
	agent/core/claim.h \
	agent/core/dialect-auto.c \
	agent/core/dialect-auto.h \
	agent/core/dialect-kube-ovn.c \
	agent/core/dialect-ovn-kubernetes.c \
	agent/core/dialect.c \
	agent/core/dialect.h \
	agent/core/event-text.c \
	agent/core/event-text.h \
	agent/core/evidence.c \
	agent/core/evidence.h \
	agent/core/exclude-ips.c \
	agent/core/exclude-ips.h \
	agent/core/guard-admission.c \
	agent/core/guard-clear.c \
	agent/core/guard-dialect.c \
	agent/core/guard-events.c \
	agent/core/guard-exclude.c \
	agent/core/guard-gate.c \
	agent/core/guard-hold.c \
	agent/core/guard-ipam.c \
	agent/core/guard-judge.c \
	agent/core/guard-moving.c \
	agent/core/guard-nb.c \
	agent/core/guard-nudge.c \
	agent/core/guard-private.h \
	agent/core/guard-put-back.c \
	agent/core/guard-report.c \
	agent/core/guard-set.c \
	agent/core/guard-store.c \
	agent/core/guard.c \
	agent/core/guard.h \
	agent/core/hold.c \
	agent/core/hold.h \
	agent/core/ip-addr.c \
	agent/core/ip-addr.h \
	agent/core/ipam-object.c \
	agent/core/ipam-object.h \
	agent/core/judge-cycle.c \
	agent/core/judge-entitlement.c \
	agent/core/judge-ipam.c \
	agent/core/judge.c \
	agent/core/judge.h \
	agent/core/kube-change.c \
	agent/core/kube-change.h \
	agent/core/kube-ovn-claims.c \
	agent/core/kube-ovn-claims.h \
	agent/core/kube-ovn-pool.c \
	agent/core/kube-ovn-pool.h \
	agent/core/kube-write.c \
	agent/core/kube-write.h \
	agent/core/lsp-addr.c \
	agent/core/lsp-addr.h \
	agent/core/lsp-edit.c \
	agent/core/lsp-edit.h \
	agent/core/model-dialect.c \
	agent/core/model-index.c \
	agent/core/model-ipam-claims.c \
	agent/core/model-ipam.c \
	agent/core/model-kube.c \
	agent/core/model-private.h \
	agent/core/model-promise.c \
	agent/core/model-references.c \
	agent/core/model-scope.c \
	agent/core/model-sb.c \
	agent/core/model.c \
	agent/core/model.h \
	agent/core/net-selection.c \
	agent/core/net-selection.h \
	agent/core/orders.c \
	agent/core/orders.h \
	agent/core/ovn-kubernetes-claims.c \
	agent/core/ovn-kubernetes-claims.h \
	agent/core/pod.c \
	agent/core/pod.h \
	agent/core/safety.c \
	agent/core/safety.h \
	agent/core/settings.c \
	agent/core/settings.h \
	agent/core/workload.c \
	agent/core/workload.h
