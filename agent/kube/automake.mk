# SPDX-License-Identifier: Apache-2.0
#
# What comes from Kubernetes; alone uses jansson, libcurl
# and libyaml.
# A new file of agent/kube/ is added to the list below, alphabetically.

noinst_LTLIBRARIES += agent/kube/libkube.la

agent_kube_libkube_la_SOURCES = \
	agent/kube/admission-review.c \
	agent/kube/admission-review.h \
	agent/kube/api-call.c \
	agent/kube/api-call.h \
	agent/kube/api-discovery.c \
	agent/kube/api-discovery.h \
	agent/kube/api-feed.c \
	agent/kube/api-live.c \
	agent/kube/api-live.h \
	agent/kube/api-records.c \
	agent/kube/api-records.h \
	agent/kube/api-slots.c \
	agent/kube/api-source-private.h \
	agent/kube/api-source.c \
	agent/kube/api-source.h \
	agent/kube/api-store-private.h \
	agent/kube/api-store.c \
	agent/kube/api-store.h \
	agent/kube/api-trust.c \
	agent/kube/api-write.c \
	agent/kube/api-write.h \
	agent/kube/base64.c \
	agent/kube/base64.h \
	agent/kube/cni-watch.c \
	agent/kube/cni-watch.h \
	agent/kube/exec-plugin.c \
	agent/kube/exec-plugin.h \
	agent/kube/file-watch.c \
	agent/kube/file-watch.h \
	agent/kube/http-answer.c \
	agent/kube/http-private.h \
	agent/kube/http-request.c \
	agent/kube/http.c \
	agent/kube/http.h \
	agent/kube/ipam-claim.c \
	agent/kube/ipam-claim.h \
	agent/kube/ipam-metrics.c \
	agent/kube/ipam-metrics.h \
	agent/kube/ipam-reader.c \
	agent/kube/ipam-reader.h \
	agent/kube/json-place.c \
	agent/kube/json-place.h \
	agent/kube/json-text.c \
	agent/kube/json-text.h \
	agent/kube/kubeconfig-file.c \
	agent/kube/kubeconfig-file.h \
	agent/kube/kubeconfig.c \
	agent/kube/kubeconfig.h \
	agent/kube/manifest-digest.c \
	agent/kube/manifest-file.c \
	agent/kube/manifest-file.h \
	agent/kube/manifest-members.c \
	agent/kube/manifest-members.h \
	agent/kube/manifest-names.c \
	agent/kube/manifest-names.h \
	agent/kube/manifest-object.c \
	agent/kube/manifest-object.h \
	agent/kube/manifest-reader.c \
	agent/kube/manifest-reader.h \
	agent/kube/manifest-source.c \
	agent/kube/manifest-store.c \
	agent/kube/manifest-store.h \
	agent/kube/manifests-private.h \
	agent/kube/manifests.c \
	agent/kube/manifests.h \
	agent/kube/missing-rights.c \
	agent/kube/missing-rights.h \
	agent/kube/network-list.c \
	agent/kube/network-list.h \
	agent/kube/node-set.c \
	agent/kube/node-set.h \
	agent/kube/object-change.c \
	agent/kube/object-change.h \
	agent/kube/page-trim.c \
	agent/kube/page-trim.h \
	agent/kube/pod-networks.c \
	agent/kube/pod-networks.h \
	agent/kube/reflector-list.c \
	agent/kube/reflector-private.h \
	agent/kube/reflector-watch.c \
	agent/kube/reflector.c \
	agent/kube/reflector.h \
	agent/kube/rfc3339.c \
	agent/kube/rfc3339.h \
	agent/kube/text-files.c \
	agent/kube/text-files.h \
	agent/kube/url-text.c \
	agent/kube/url-text.h \
	agent/kube/webhook-watch.c \
	agent/kube/webhook-watch.h \
	agent/kube/workload-assembly.c \
	agent/kube/workload-assembly.h \
	agent/kube/yaml-scalar.c \
	agent/kube/yaml-scalar.h \
	agent/kube/yaml-text.c \
	agent/kube/yaml-text.h
