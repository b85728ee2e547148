# SPDX-License-Identifier: Apache-2.0
#
# Tests against a real Kubernetes API server.  "make check-kubernetes" runs
# them; "make check" does not, because they need a control plane that takes
# minutes to build (build-cluster).

check_PROGRAMS += tests/kubernetes/api-probe
tests_kubernetes_api_probe_SOURCES = tests/kubernetes/api-probe.c
tests_kubernetes_api_probe_LDFLAGS = $(AM_LDFLAGS) $(EXCLUDE_LIBS)
tests_kubernetes_api_probe_LDADD = \
	agent/kube/libkube.la \
	agent/core/libcore.la \
	$(OVS_LIBS) \
	$(CURL_LIBS) \
	$(JANSSON_LIBS) \
	$(YAML_LIBS)

EXTRA_DIST += \
	tests/kubernetes/base.yaml \
	tests/kubernetes/build-cluster \
	tests/kubernetes/cluster-down \
	tests/kubernetes/cluster-lib.sh \
	tests/kubernetes/cluster-up \
	tests/kubernetes/cni-stand-in \
	tests/kubernetes/e2e-addresses \
	tests/kubernetes/e2e-faults \
	tests/kubernetes/e2e-admission \
	tests/kubernetes/e2e-guides \
	tests/kubernetes/e2e-ipam \
	tests/kubernetes/e2e-lib.sh \
	tests/kubernetes/e2e-scope \
	tests/kubernetes/e2e-ovn-kubernetes \
	tests/kubernetes/e2e-statefulset \
	tests/kubernetes/fault-relay \
	tests/kubernetes/go-toolchain.sum \
	tests/kubernetes/go.mod \
	tests/kubernetes/go.sum \
	tests/kubernetes/kube-ovn-crds.yaml \
	tests/kubernetes/kwok-stages.yaml \
	tests/kubernetes/nb-witness \
	tests/kubernetes/run-all \
	tests/kubernetes/run-client-tests

KUBERNETES_GROUPS =
.PHONY: check-kubernetes check-kubernetes-asan
check-kubernetes: all tests/kubernetes/api-probe$(EXEEXT)
	$(AM_V_at)IPGUARD_BUILDDIR='$(abs_top_builddir)' $(SANITIZER_ENV) \
	  $(srcdir)/tests/kubernetes/run-all $(KUBERNETES_GROUPS)
check-kubernetes-asan: build-asan
	$(AM_V_at)$(ASAN_MAKE) check-kubernetes
