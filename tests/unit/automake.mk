# SPDX-License-Identifier: Apache-2.0
#
# Unit tests; tests/unit/suites.h says how to add a suite.

check_PROGRAMS += tests/unit/run-unit

tests_unit_run_unit_SOURCES = \
	agent/control.c \
	agent/control.h \
	tests/unit/admission-fixture.c \
	tests/unit/admission-fixture.h \
	tests/unit/api-fixture.c \
	tests/unit/api-fixture.h \
	tests/unit/dialect-vectors.c \
	tests/unit/dialect-vectors.h \
	tests/unit/guard-fixture.c \
	tests/unit/guard-fixture.h \
	tests/unit/kube-ovn-fixture.c \
	tests/unit/kube-ovn-fixture.h \
	tests/unit/lsp-gen.c \
	tests/unit/lsp-gen.h \
	tests/unit/manifest-fixture.c \
	tests/unit/manifest-fixture.h \
	tests/unit/object-fixture.c \
	tests/unit/object-fixture.h \
	tests/unit/ovnk-fixture.c \
	tests/unit/ovnk-fixture.h \
	tests/unit/own-rows.c \
	tests/unit/own-rows.h \
	tests/unit/release-fixture.c \
	tests/unit/release-fixture.h \
	tests/unit/run-unit.c \
	tests/unit/story-fixture.c \
	tests/unit/story-fixture.h \
	tests/unit/stub-server.c \
	tests/unit/stub-server.h \
	tests/unit/suites.h \
	tests/unit/test-admission-review.c \
	tests/unit/test-admission-template.c \
	tests/unit/test-admission.c \
	tests/unit/test-api-feed.c \
	tests/unit/test-api-list.c \
	tests/unit/test-api-live.c \
	tests/unit/test-api-records.c \
	tests/unit/test-api-source.c \
	tests/unit/test-api-watch.c \
	tests/unit/test-api-write.c \
	tests/unit/test-claim.c \
	tests/unit/test-cni-watch.c \
	tests/unit/test-control.c \
	tests/unit/test-dialect-auto.c \
	tests/unit/test-dialect-kube-ovn.c \
	tests/unit/test-dialect-ovn-kubernetes.c \
	tests/unit/test-event-text.c \
	tests/unit/test-evidence.c \
	tests/unit/test-exclude-ips.c \
	tests/unit/test-explain.c \
	tests/unit/test-guard-bounds.c \
	tests/unit/test-guard-events.c \
	tests/unit/test-guard-failed-move.c \
	tests/unit/test-guard-found-barriers.c \
	tests/unit/test-guard-found-gates.c \
	tests/unit/test-guard-found-hands.c \
	tests/unit/test-guard-found-late.c \
	tests/unit/test-guard-found-leavers.c \
	tests/unit/test-guard-found-unseen.c \
	tests/unit/test-guard-found-put-back.c \
	tests/unit/test-guard-found-restarts.c \
	tests/unit/test-guard-found-start.c \
	tests/unit/test-guard-found.c \
	tests/unit/test-guard-gates.c \
	tests/unit/test-guard-hazard.c \
	tests/unit/test-guard-holds.c \
	tests/unit/test-guard-losers.c \
	tests/unit/test-guard-orders-owners.c \
	tests/unit/test-guard-orders.c \
	tests/unit/test-guard-ovn-kubernetes-vm.c \
	tests/unit/test-guard-ovn-kubernetes.c \
	tests/unit/test-guard-random.c \
	tests/unit/test-guard-release.c \
	tests/unit/test-guard-request.c \
	tests/unit/test-guard-reserve.c \
	tests/unit/test-guard-roles.c \
	tests/unit/test-guard.c \
	tests/unit/test-hold.c \
	tests/unit/test-idl.c \
	tests/unit/test-ip-addr.c \
	tests/unit/test-ipam-metrics.c \
	tests/unit/test-ipam.c \
	tests/unit/test-judge-model.c \
	tests/unit/test-judge-ovn-kubernetes.c \
	tests/unit/test-judge.c \
	tests/unit/test-kubeconfig.c \
	tests/unit/test-lsp-addr.c \
	tests/unit/test-lsp-edit-random.c \
	tests/unit/test-lsp-edit.c \
	tests/unit/test-manifest-kinds.c \
	tests/unit/test-manifest-object.c \
	tests/unit/test-manifest-reader.c \
	tests/unit/test-manifests-folder.c \
	tests/unit/test-manifests-objects.c \
	tests/unit/test-manifests.c \
	tests/unit/test-memory.c \
	tests/unit/test-model-random.c \
	tests/unit/test-model.c \
	tests/unit/test-nb-ports.c \
	tests/unit/test-network-list.c \
	tests/unit/test-obj-uid.c \
	tests/unit/test-orders.c \
	tests/unit/test-overview.c \
	tests/unit/test-page-trim.c \
	tests/unit/test-plan.c \
	tests/unit/test-pod.c \
	tests/unit/test-redact.c \
	tests/unit/test-report.c \
	tests/unit/test-rfc3339.c \
	tests/unit/test-safety.c \
	tests/unit/test-sb-ask.c \
	tests/unit/test-sb-condition.c \
	tests/unit/test-sb-question.c \
	tests/unit/test-settings.c \
	tests/unit/test-store-known.c \
	tests/unit/test-url-text.c \
	tests/unit/test-web-host.c \
	tests/unit/test-web-server.c \
	tests/unit/test-web-stream.c \
	tests/unit/test-web-tls.c \
	tests/unit/test-webhook-watch.c \
	tests/unit/test-workload.c \
	tests/unit/tls-fixture.c \
	tests/unit/tls-fixture.h \
	tests/unit/unit-rows.c \
	tests/unit/unit.h \
	tests/unit/until.h \
	tests/unit/web-fixture.c \
	tests/unit/web-fixture.h \
	utilities/ovn-ipguardctl/redact.c \
	utilities/ovn-ipguardctl/redact.h \
	tests/unit/world-act.c \
	tests/unit/world-hands.c \
	tests/unit/world-looks.c \
	tests/unit/world-nb.c \
	tests/unit/world-private.h \
	tests/unit/world-sb.c \
	tests/unit/world-store.c \
	tests/unit/world.c \
	tests/unit/world.h
tests_unit_run_unit_LDFLAGS = $(AM_LDFLAGS) $(EXCLUDE_LIBS)
tests_unit_run_unit_LDADD = \
	agent/report/libreport.la \
	agent/web/libweb.la \
	ovsdb/libovsdbview.la \
	agent/kube/libkube.la \
	agent/core/libcore.la \
	$(OVS_LIBS) \
	$(CURL_LIBS) \
	$(JANSSON_LIBS) \
	$(MHD_LIBS) \
	$(GNUTLS_LIBS) \
	$(YAML_LIBS) \
	$(CUNIT_LIBS)

# The environment of every test: no database of the system is ever meant.
UNIT_ENV = srcdir='$(srcdir)' $(SANITIZER_ENV)
CHECK_LOCAL += check-unit
.PHONY: check-unit
check-unit: tests/unit/run-unit$(EXEEXT)
	$(AM_V_at)$(UNIT_ENV) tests/unit/run-unit $(UNITFLAGS)
